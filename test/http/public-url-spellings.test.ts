import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findUrlFault } from "../../src/outbound/public-url.ts";
import { findFault, findHostFault, local, NOT_PUBLIC, restyle } from "./url-faults.ts";

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
