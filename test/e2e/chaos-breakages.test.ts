import assert from "node:assert/strict";
import { test } from "node:test";
import { BREAKAGES, breakSource } from "../chaos/broken.ts";

/** That chaos can fail is shown by faults that are built into sources: these must still fit the sources of today. */
for (const breakage of BREAKAGES) {
  test(`The sources can be broken so that there is ${breakage.name}`, async () => {
    assert.ok((await breakSource(breakage)).includes(breakage.wrong));
  });
}
