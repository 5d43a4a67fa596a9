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
  OWN_HOST,
  WRONG_PORT,
} from "./url-faults.ts";

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
