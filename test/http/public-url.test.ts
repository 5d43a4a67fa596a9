import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findUrlFault } from "../../src/outbound/public-url.ts";
import {
  CREDENTIALS,
  FRAGMENT,
  findFault,
  findHostFault,
  local,
  NOT_HTTPS,
  NOT_PUBLIC,
  OWN,
  OWN_HOST,
  restyle,
  TOO_LONG,
  WRONG_PORT,
} from "./url-faults.ts";

describe("a URL may be called", () => {
  it.each([
    "https://fcm.googleapis.com/fcm/send/abc:APA91b",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAAA",
    "https://web.push.apple.com/QGuQyavXutnMH",
    "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAD%2b",
    "https://example.com",
    "https://sub.example.com:443/a?b=c",
    "https://example.com:/",
    "https://example.com:0443/",
    "HTTPS://EXAMPLE.COM/",
    "https://example.com./",
    "https://bücher.example.com/",
    "https://xn--bcher-kva.de/",
    "https://a_b.example.com/",
    "https://example.com/%23",
    "https://example.com/@user:password",
    "https://localhost.example.com/",
    "https://mylocalhost.com/",
    "https://test.com/",
    "https://10.0.0.1.example.com/",
    // Neither user nor password is in these.
    "https://@example.com/",
    "https://:@example.com/",
  ])("as %s", (url) => {
    expect(findFault(url)).toBeNull();
    expect(findUrlFault(url, local)).toBeNull();
  });

  it.each([
    "8.8.8.8",
    "8.8.8.8.",
    "134744072",
    "0x08080808",
    "010.8.8.8",
    "1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "[2606:4700:4700::1111]",
    "[2001:4860:4860::8888]",
    "[2A00:1450:4001:0:0:0:0:1]",
    "[2001:200::1]",
    "[::ffff:8.8.8.8]",
    "[::ffff:808:808]",
  ])("at the public address %s", (host) => {
    expect(findHostFault(host)).toBeNull();
    expect(findUrlFault(`https://${host}/hook`, local)).toBeNull();
  });

  it("with 2,048 characters, and with none more", () => {
    const url = "https://example.com/".padEnd(2048, "x");
    expect(findFault(url)).toBeNull();
    expect(findFault(`${url}x`)).toBe(TOO_LONG);
    expect(findUrlFault(`${url}x`, local)).toBe(TOO_LONG);
  });
});

describe("a URL may not be called", () => {
  it.each([
    "",
    "example.com",
    "/hook",
    "//example.com/hook",
    "https://",
    "https:///",
    "https://exa mple.com/",
    "https://example.com:99999/",
    "http://example.com/",
    "http://example.com:443/",
    "http://127.0.0.1/",
    "ws://example.com/",
    "wss://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "data:text/plain,a",
    "javascript:alert(1)",
    "blob:https://example.com/1",
    "gopher://example.com/",
  ])("as %j: it isn't https", (url) => {
    expect(findFault(url)).toBe(NOT_HTTPS);
  });

  it.each([
    "https://user@example.com/",
    "https://user:password@example.com/",
    "https://:password@example.com/",
    "https://example.com@example.org/",
    "https://example.com%2f@example.org/",
    "https://example.com:443@example.org/",
  ])("as %s: it has a user or a password", (url) => {
    expect(findFault(url)).toBe(CREDENTIALS);
    expect(findUrlFault(url, local)).toBe(CREDENTIALS);
  });

  it.each(["https://example.com/#", "https://example.com#a", "https://example.com/?a#b"])(
    "as %s: it has a fragment",
    (url) => {
      expect(findFault(url)).toBe(FRAGMENT);
      expect(findUrlFault(url, local)).toBe(FRAGMENT);
    },
  );

  it.each([
    "https://example.com:80/",
    "https://example.com:0/",
    "https://example.com:8443/",
    "https://example.com:4430/",
    "https://example.com:65535/",
    "https://8.8.8.8:22/",
    "https://[2606:4700:4700::1111]:8443/",
  ])("as %s: it has another port", (url) => {
    expect(findFault(url)).toBe(WRONG_PORT);
    expect(findUrlFault(url, local)).toBe(WRONG_PORT);
  });

  it.each([
    OWN,
    `${OWN}/v3/users`,
    "https://onecall.example.com:443/",
    "https://ONECALL.example.com/",
    "https://onecall.example.com./",
    "https://onecall%2eexample.com/",
    "https://onecall。example。com/",
    "https:\\\\onecall.example.com\\",
    "https:onecall.example.com",
    " https://one\tcall.example\n.com/ ",
  ])("as %j: it is this Worker's own", (url) => {
    expect(findFault(url)).toBe(OWN_HOST);
    expect(findUrlFault(url, local)).toBe(OWN_HOST);
  });

  it.each(["https://Onecall.Example.com/", "https://onecall.example.com.:443", "http://onecall.example.com"])(
    "where its own origin is given as %s",
    (origin) => {
      const options = { ownOrigins: ["https://example.org", origin], allowLoopback: false };
      expect(findUrlFault(`${OWN}/hook`, options)).toBe(OWN_HOST);
      expect(findUrlFault("https://other.example.com/hook", options)).toBeNull();
      expect(findUrlFault("https://a.onecall.example.com/hook", options)).toBeNull();
    },
  );
});

describe("a name is no public host", () => {
  it.each([
    "localhost",
    "LocalHost",
    "localhost.",
    "localhost..",
    "a.localhost",
    "a.b.LOCALHOST.",
    "%6c%6Fcalhost",
    "ｌｏｃａｌｈｏｓｔ",
    "local\u00adhost",
    "a。localhost",
    "printer.local",
    "metadata.google.internal",
    "metadata.google.internal.",
    "home.arpa",
    "nas.home.arpa",
    "ipv4only.arpa",
    "a.test",
    "a.invalid",
    "a.example",
    "abcdefghijklmnop.onion",
    "a.alt",
    "com",
    "com.",
    "intranet",
    "xn--bcher-kva",
    "bücher",
    ".example.com",
    "a..example.com",
    "example.com..",
    "127.0.0.1..",
    "-a.example.com",
    "a-.example.com",
    "*.example.com",
    "a,b.example.com",
    "a=b.example.com",
    `${"a".repeat(64)}.example.com`,
    `${"a.".repeat(122)}example.com`,
  ])("as %s", (host) => {
    // Where the parser refuses it already, nothing would be tested here.
    expect(URL.canParse(`https://${host}/hook`)).toBe(true);
    expect(findHostFault(host)).toBe(NOT_PUBLIC);
  });

  it("in any case, with any labels before it and a dot behind it", () => {
    const top = "localhost local internal home.arpa test invalid example onion alt".split(" ");
    const label = fc.stringMatching(/^[a-z][a-z0-9]{0,9}$/);
    fc.assert(
      fc.property(
        fc.array(label, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(...top),
        fc.infiniteStream(fc.constantFrom("lower", "upper", "percent", "wide")),
        fc.constantFrom("", "."),
        (labels, domain, styles, dot) => {
          const host = restyle([...labels, domain].join("."), styles) + dot;
          expect(findHostFault(host)).toBe(NOT_PUBLIC);
          expect(findUrlFault(`https://${host}/hook`, local)).toBe(NOT_PUBLIC);
        },
      ),
    );
  });
});
