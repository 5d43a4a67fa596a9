import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findUrlFault } from "../../src/outbound/public-url.ts";

const OWN = "https://onecall.example.com";
const deployed = { ownOrigins: [OWN], allowLoopback: false };
const local = { ownOrigins: [OWN, "http://127.0.0.1:8787"], allowLoopback: true };

const NOT_HTTPS = "must be an https URL";
const NOT_PUBLIC = "must be a URL whose host is public: a domain name or a public IP address";
const WRONG_PORT = "must be an https URL on port 443";
const CREDENTIALS = "must be a URL without a user or password";
const FRAGMENT = "must be a URL without a fragment (#…)";
const OWN_HOST = "must be a URL of another service than this one";
const TOO_LONG = "must be a URL of at most 2048 characters";

const findFault = (url: string) => findUrlFault(url, deployed);
const findHostFault = (host: string) => findFault(`https://${host}/hook`);

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

describe("an address is no public host", () => {
  it.each([
    // This network, private, shared and link-local, first and last.
    ["0.0.0.0", "0.255.255.255"],
    ["10.0.0.0", "10.255.255.255"],
    ["100.64.0.0", "100.127.255.255"],
    ["127.0.0.0", "127.255.255.255"],
    ["169.254.0.0", "169.254.169.254", "169.254.255.255"],
    ["172.16.0.0", "172.31.255.255"],
    ["192.168.0.0", "192.168.255.255"],
    // Protocol assignments, documentation, relays, AS112, AMT, benchmarks, multicast, reserved.
    ["192.0.0.0", "192.0.0.170", "192.0.0.255"],
    ["192.0.2.0", "192.0.2.255", "198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255"],
    ["192.88.99.1", "192.31.196.1", "192.175.48.1", "192.52.193.1"],
    ["198.18.0.0", "198.19.255.255"],
    ["224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.254", "255.255.255.255"],
    // Short, decimal, octal, hexadecimal, mixed, zero-padded, with a dot, encoded and full-width.
    ["127.1", "127.0.1", "10.1", "192.168.257", "0", "0.0"],
    ["2130706433", "167772161", "2852039166", "3232235521", "4294967295"],
    ["017700000001", "0177.0.0.1", "0177.1", "012.0.0.1", "00000000177.1"],
    ["0x7f000001", "0X7F.1", "0x7f.0x0.0x0.0x1", "0xa.0.0.1", "0xA9FEA9FE", "0x", "0x.0x.0x.0x"],
    ["0x7f.0.1", "0300.0xa8.1", "0251.0xfe.43518"],
    ["127.0.0.1.", "2130706433.", "0x7f.1."],
    ["%31%32%37.0.0.1", "127%2e0%2E0%2e1", "%30x7f.1"],
    ["１２７.０.０.１", "127。0。0。1", "①②⑦.⓪.⓪.①", "127.0.\u00ad0.1", "1\u200b27.0.0.1"],
  ])("as %s and alike", (...hosts) => {
    for (const host of hosts) {
      expect(URL.canParse(`https://${host}/hook`), host).toBe(true);
      expect(findHostFault(host), host).toBe(NOT_PUBLIC);
    }
  });

  it.each([
    [
      "unspecified and loopback",
      "::",
      "0:0:0:0:0:0:0:0",
      "::1",
      "0:0:0:0:0:0:0:1",
      "0000::0001",
      "::0.0.0.1",
    ],
    ["unique local", "fc00::", "fd12:3456:789a::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "FD00::1"],
    ["link-local and site-local", "fe80::1", "febf::1", "fec0::1", "feff::1"],
    ["multicast", "ff00::", "ff02::1", "ff0e::1"],
    ["mapped", "::ffff:127.0.0.1", "::FFFF:7f00:1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::ffff:0:0"],
    ["mapped in full", "0:0:0:0:0:ffff:192.168.0.1", "0:0:0:0:0:ffff:c0a8:1", "0000::0000:ffff:ac10:1"],
    ["compatible", "::127.0.0.1", "::7f00:1", "::10.0.0.1", "::a9fe:a9fe", "::c0a8:1", "::8.8.8.8"],
    ["translated (SIIT)", "::ffff:0:127.0.0.1", "::ffff:0:a00:1"],
    ["NAT64", "64:ff9b::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "0064:FF9B::a9fe:a9fe"],
    ["NAT64 of a network's own", "64:ff9b:1::10.0.0.1", "64:ff9b:1:ffff::a00:1"],
    ["6to4", "2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::1", "2002:c0a8:1::1"],
    ["Teredo", "2001::1", "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:0:a00:1::f5ff:fffe"],
    ["documentation", "2001:db8::1", "2001:db8:ffff::1", "3fff::1", "3fff:fff::1"],
    ["protocols", "2001:1::1", "2001:2::1", "2001:3::1", "2001:10::1", "2001:20::1", "2001:30::1"],
    ["discard and segments", "100::1", "5f00::1"],
    ["AS112", "2001:4:112::1", "2620:4f:8000::1"],
    ["given to nobody", "1::1", "200::1", "400::1", "4000::1", "8000::1", "c000::1", "e000::1", "fe00::1"],
  ])("as IPv6 that is %s", (_, ...addresses) => {
    for (const address of addresses) {
      const host = `[${address}]`;
      expect(URL.canParse(`https://${host}/hook`), host).toBe(true);
      expect(findHostFault(host), host).toBe(NOT_PUBLIC);
    }
  });

  // Nothing of these is a URL, so nothing of them is called.
  it.each([
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[::1%251]",
    "[2606:4700:4700::1111%25eth0]",
    "[::ffff:127.1]",
    "[::ffff:0x7f.0.0.1]",
    "[127.0.0.1]",
    "[::1",
    "::1",
    "[v1.fe80::a]",
    "[1:2:3:4:5:6:7:8:9]",
    "256.0.0.1",
    "127.0.0.0x100",
    "1.2.3.4.5",
    "10.0.0.1.1",
    "08.8.8.8",
    "4294967296",
    "127.0.0.1%00.example.com",
    "127.0.0.1%2f.example.com",
    "example.com%23.localhost",
  ])("as %s, which is no host at all", (host) => {
    expect(findHostFault(host)).toBe(NOT_HTTPS);
    expect(findUrlFault(`http://${host}/hook`, local)).toBe(NOT_HTTPS);
  });
});

describe("loopback", () => {
  it.each([
    "http://localhost/",
    "http://localhost:9999/push/abc",
    "http://LOCALHOST.:9999/",
    "https://localhost/",
    "https://localhost:8443/",
    "http://127.0.0.1:1/",
    "https://127.0.0.1:8443/",
    "http://127.255.255.254:8080/",
    "http://127.1:8080/",
    "http://0x7f000001:8080/",
    "http://[::1]:8080/",
    "https://[0:0:0:0:0:0:0:1]/",
    "http://127.0.0.1:8788/",
  ])("passes as %s by the local setting only", (url) => {
    expect(findUrlFault(url, local)).toBeNull();
    expect(findFault(url)).not.toBeNull();
  });

  it.each([
    ["http://127.0.0.1:8787/", OWN_HOST],
    ["https://127.1:8787/", OWN_HOST],
    ["http://user:password@localhost:9999/", CREDENTIALS],
    ["http://localhost:9999/#a", FRAGMENT],
    ["ws://localhost:9999/", NOT_HTTPS],
    ["ftp://127.0.0.1/", NOT_HTTPS],
    ["http://example.com/", NOT_HTTPS],
    ["http://10.0.0.1/", NOT_HTTPS],
    ["http://a.localhost/", NOT_HTTPS],
    ["http://localhost.example.com/", NOT_HTTPS],
    ["http://[::ffff:127.0.0.1]/", NOT_HTTPS],
    ["http://0.0.0.0:9999/", NOT_HTTPS],
    ["http://[::]:9999/", NOT_HTTPS],
    ["https://a.localhost/", NOT_PUBLIC],
    ["https://localhost../", NOT_PUBLIC],
    ["https://[::ffff:127.0.0.1]/", NOT_PUBLIC],
    ["https://[::127.0.0.1]/", NOT_PUBLIC],
    ["https://0.0.0.0/", NOT_PUBLIC],
    ["https://128.0.0.1:8443/", WRONG_PORT],
    ["https://10.0.0.1/", NOT_PUBLIC],
    ["https://10.0.0.1:8443/", WRONG_PORT],
    ["https://example.com:8443/", WRONG_PORT],
  ])("loosens nothing for %s", (url, fault) => {
    expect(findUrlFault(url, local)).toBe(fault);
  });
});

describe("whatever the spelling", () => {
  it("no IPv4 address of a reserved range passes", () => {
    fc.assert(
      fc.property(reservedIpv4, ipv4Spelling, ({ address }, spell) => {
        const host = spell(address);
        expect(new URL(`https://${host}/`).hostname).toBe(dotted(address));
        expect(findHostFault(host)).toBe(NOT_PUBLIC);
        const isLoopback = address >>> 24 === 127;
        expect(findUrlFault(`https://${host}/`, local)).toBe(isLoopback ? null : NOT_PUBLIC);
      }),
      { numRuns: 2000 },
    );
  });

  it("no IPv6 address that carries a reserved IPv4 address passes", () => {
    fc.assert(
      fc.property(reservedIpv4, embedding, ipv6Spelling, ({ address }, embed, spell) => {
        const carrier = embed(address);
        const host = `[${spell(carrier)}]`;
        expect(new URL(`https://${host}/`).hostname).toBe(new URL(`https://[${inFull(carrier)}]/`).hostname);
        expect(findHostFault(host)).toBe(NOT_PUBLIC);
      }),
      { numRuns: 2000 },
    );
  });

  it("no IPv6 address of a reserved range passes", () => {
    fc.assert(
      fc.property(reservedIpv6, ipv6Spelling, (address, spell) => {
        const host = `[${spell(address)}]`;
        expect(new URL(`https://${host}/`).hostname).toBe(new URL(`https://[${inFull(address)}]/`).hostname);
        expect(findHostFault(host)).toBe(NOT_PUBLIC);
      }),
      { numRuns: 2000 },
    );
  });

  // Else a guard that refuses everything would do.
  it("a public address passes", () => {
    const octet = fc.integer({ min: 0, max: 0xffffff });
    const publicIpv4 = fc.tuple(fc.constantFrom(1, 8, 9, 11, 99, 126, 128, 168, 193, 223), octet);
    fc.assert(
      fc.property(publicIpv4, ipv4Spelling, ([first, rest], spell) => {
        expect(findHostFault(spell(first * 2 ** 24 + rest))).toBeNull();
      }),
    );
    const publicIpv6 = fc.tuple(
      fc.constantFrom("2606:4700", "2a00:1450", "2400:cb00"),
      fc.bigInt(0n, MAX_96),
    );
    fc.assert(
      fc.property(publicIpv6, ipv6Spelling, ([prefix, rest], spell) => {
        expect(findHostFault(`[${spell(readGroups(prefix, 2) + rest)}]`)).toBeNull();
      }),
    );
  });

  it("no text makes it throw, and what passes is https on 443 to a name or address", () => {
    const host = fc.oneof(fc.webAuthority(), fc.domain(), fc.ipV4Extended(), fc.string({ unit: "binary" }));
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.webUrl({ validSchemes: ["http", "https"], withFragments: true, withQueryParameters: true }),
      fc.tuple(host, fc.string()).map(([authority, rest]) => `https://${authority}/${rest}`),
    );
    fc.assert(
      fc.property(text, (value) => {
        if (findFault(value) !== null) return;
        const { protocol, port, username, password, hash, hostname } = new URL(value);
        expect([protocol, port, username, password, hash]).toEqual(["https:", "", "", "", ""]);
        expect(hostname).toMatch(/^(\[[0-9a-f:]+\]|[a-z0-9_-]+(\.[a-z0-9_-]+)+\.?)$/);
      }),
      { numRuns: 2000 },
    );
  });
});

/** The text with each letter lower, upper, percent-encoded or full-width. */
function restyle(text: string, styles: Iterator<string>): string {
  return [...text]
    .map((character) => {
      const code = character.charCodeAt(0);
      const style = styles.next().value;
      if (style === "upper") return character.toUpperCase();
      if (style === "percent") return `%${code.toString(16)}`;
      return style === "wide" ? String.fromCharCode(code + 0xfee0) : character;
    })
    .join("");
}

// From IANA's registry of special-purpose IPv4 addresses, not from the library's lists.
const RESERVED_IPV4 =
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 " +
  "192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 " +
  "198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32";

const reservedIpv4 = fc
  .tuple(fc.constantFrom(...RESERVED_IPV4.split(" ")), fc.nat(0xffffffff))
  .map(([range, random]) => {
    const [text = "", bits = "32"] = range.split("/");
    const base = text.split(".").reduce((value, octet) => value * 256 + Number(octet), 0);
    return { range, address: base + (random % 2 ** (32 - Number(bits))) };
  });

/** An IPv4 address in one to four parts, each in its own radix, restyled, with or without a dot behind it. */
const ipv4Spelling = fc
  .record({
    parts: fc.integer({ min: 1, max: 4 }),
    radixes: fc.array(fc.constantFrom("decimal", "octal", "hex"), { minLength: 4, maxLength: 4 }),
    zeros: fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
    styles: fc.array(fc.constantFrom("lower", "upper", "percent", "wide"), { minLength: 60, maxLength: 60 }),
    dot: fc.constantFrom("", ".", "%2e", "。"),
  })
  .map(({ parts, radixes, zeros, styles, dot }) => (address: number): string => {
    const octets = dotted(address).split(".").map(Number);
    const last = octets.slice(parts - 1).reduce((value, octet) => value * 256 + octet, 0);
    const texts = [...octets.slice(0, parts - 1), last].map((value, index) => {
      const zero = "0".repeat(zeros[index] ?? 0);
      if (radixes[index] === "hex") return `0x${zero}${value.toString(16)}`;
      return radixes[index] === "octal" ? `0${zero}${value.toString(8)}` : String(value);
    });
    return restyle(texts.join("."), styles.values()) + dot;
  });

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}

const MAX_96 = 2n ** 96n - 1n;

/** Groups of an IPv6 address, the first of them first, as the high bits of 128. */
function readGroups(text: string, count: number): bigint {
  const value = text.split(":").reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
  return value << BigInt(128 - 16 * count);
}

/** The ways to carry an IPv4 address in an IPv6 address; `low` fills what they leave free. */
const embedding = fc
  .tuple(
    fc.constantFrom("mapped", "compatible", "siit", "nat64", "local nat64", "6to4", "teredo"),
    fc.bigInt(0n, MAX_96),
  )
  .map(([form, random]) => (address: number): bigint => {
    const value = BigInt(address);
    switch (form) {
      case "mapped":
        return (0xffffn << 32n) | value;
      case "siit":
        return (0xffffn << 48n) | value;
      case "nat64":
        return readGroups("64:ff9b", 2) | value;
      case "local nat64":
        return readGroups("64:ff9b:1", 3) | value;
      case "6to4":
        return readGroups("2002", 1) | (value << 80n) | (random & (2n ** 80n - 1n));
      case "teredo":
        // RFC 4380, section 4: the client's address with every bit turned.
        return readGroups("2001:0", 2) | (random & (MAX_96 ^ 0xffffffffn)) | (value ^ 0xffffffffn);
      default:
        return value;
    }
  });

// From IANA's registry of special-purpose IPv6 addresses, and what lies outside of 2000::/3.
const RESERVED_IPV6 =
  "0/8 64:ff9b/96 64:ff9b:1/48 100/64 2001/23 2001:0/32 2001:2/48 2001:10/28 2001:20/28 2001:30/28 " +
  "2001:db8/32 2002/16 2620:4f:8000/48 3fff/20 5f00/16 4000/2 8000/1 fc00/7 fe80/10 fec0/10 ff00/8";

const reservedIpv6 = fc
  .tuple(fc.constantFrom(...RESERVED_IPV6.split(" ")), fc.bigInt(0n, 2n ** 128n - 1n))
  .map(([range, random]) => {
    const [prefix = "", bits = "128"] = range.split("/");
    const base = readGroups(prefix, prefix.split(":").length);
    return base | (random & (2n ** (128n - BigInt(bits)) - 1n));
  })
  // ::ffff:0:0/96 carries IPv4 addresses, public ones too.
  .filter((address) => address >> 32n !== 0xffffn);

/** An IPv6 address with zeros before its groups or without, its first run of zeros shortened, its end dotted. */
const ipv6Spelling = fc
  .record({ pad: fc.boolean(), upper: fc.boolean(), shorten: fc.boolean(), dot: fc.boolean() })
  .map(({ pad, upper, shorten, dot }) => (address: bigint): string => {
    const groups = inFull(address).split(":");
    const texts = pad ? groups : groups.map((group) => group.replace(/^0{1,3}/, ""));
    const tail = dotted(Number(address & 0xffffffffn));
    const full = dot ? [...texts.slice(0, 6), tail].join(":") : texts.join(":");
    const text = shorten ? full.replace(/(?:^|:)0+(?::0+)+(?::|$)/, "::") : full;
    return upper ? text.toUpperCase() : text;
  });

/** Eight groups of four digits. */
function inFull(address: bigint): string {
  return (address.toString(16).padStart(32, "0").match(/.{4}/g) ?? []).join(":");
}
