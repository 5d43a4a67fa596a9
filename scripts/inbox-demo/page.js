// What a page does with the elements: tokens, events, an own drawing; and what the demo's buttons do to them.

const TYPES = ["unread", "item", "view", "action", "open", "close", "error"];
const MAX_EVENTS = 8;
const TEXTS = { notifications: "Post", markAll: "Done with all" };

/** What each state is brought about by. */
const TOKENS = {
  loading: () => new Promise(() => {}),
  error: () => Promise.reject(new Error("signed out")),
};

function drawMove({ content }) {
  if (content.game !== "chess") return null;
  const move = document.createElement("p");
  move.className = "move";
  move.textContent = `♟ Your move, after ${content.move}`;
  return move;
}

function make(tag, fields) {
  return Object.assign(document.createElement(tag), fields);
}

for (const section of document.querySelectorAll("section")) {
  const { user } = section.dataset;
  const elements = section.querySelectorAll("onecall-inbox, onecall-feed");
  const [inbox, feed] = elements;
  const getToken = async () => (await fetch(`/token?user=${user}`)).text();
  for (const element of elements) Object.assign(element, { getToken, renderItem: drawMove });

  const events = section.querySelector("ol");
  const note = (name, detail) => {
    const line = make("li", { textContent: JSON.stringify(detail).slice(0, 200) });
    line.prepend(make("b", { textContent: name }), " ");
    events.prepend(line);
    events.children[MAX_EVENTS]?.remove();
  };
  for (const type of TYPES) {
    section.addEventListener(`onecall-${type}`, ({ type: name, detail }) => note(name, detail));
  }

  const calls = {
    show: () => inbox.show(),
    hide: () => inbox.hide(),
    toggle: () => inbox.toggle(),
    refresh: () => feed.refresh(),
    markAllViewed: () => feed.markAllViewed(),
    markViewed: () => feed.items.slice(0, 1).forEach((item) => void feed.markViewed(item)),
    read: () => {
      const { unreadCount, items, isReadOnly } = feed;
      note("read", { unreadCount, isReadOnly, items: items.length });
    },
  };
  /** By what a button's data names: what it does to an element, on and off again. */
  const switches = {
    attribute: (element, name, value) =>
      value === null ? element.removeAttribute(name) : element.setAttribute(name, value),
    property: (element, name, value) => element.style.setProperty(name, value ?? ""),
    part: (element, name, value) => element.classList.toggle(`part-${name}`, value !== null),
    slot: (element, name, value) =>
      value === null
        ? element.querySelector(`:scope > [slot="${name}"]`).remove()
        : element.append(make("span", { slot: name, textContent: value })),
    texts: (element, _, value) => {
      element.texts = value === null ? null : TEXTS;
    },
    draws: (element, _, value) => {
      element.renderItem = value === null ? drawMove : null;
    },
    state: (element, name, value) => {
      if (name === "offline") dispatchEvent(new Event(value === null ? "online" : "offline"));
      else if (name === "empty") switches.attribute(element, "tag", value);
      else element.getToken = value === null ? getToken : TOKENS[name];
    },
  };

  section.addEventListener("click", async ({ target }) => {
    const button = target.closest("button");
    if (button === null) return;
    const { key, call, kind, name } = button.dataset;
    if (key !== undefined) await fetch(`/send?user=${user}&key=${key}`, { method: "POST" });
    if (call !== undefined) await calls[call]();
    if (kind === undefined) return;
    const isOn = button.getAttribute("aria-pressed") === "false";
    button.setAttribute("aria-pressed", String(isOn));
    const value = name === "token" ? await getToken() : button.dataset.value;
    if (kind === "dir") section.dir = isOn ? value : "";
    else for (const element of elements) switches[kind](element, name, isOn ? value : null);
  });
}
