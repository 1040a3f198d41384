import assert from "node:assert/strict";
import { copyFileSync, existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { startedStore } from "./history-suite";
import { check, rows, settings, stateOf, stream, transition } from "./support";

describe("a backup", () => {
  it("is restored by the steps that docs/STORE.md names", async (context) => {
    const folder = temporaryFolder(context);
    const { store, file } = await startedStore(context, "file", folder);
    store.setStreams({ payload: [stream("Gate")], settings: settings() });
    store.recordStates([stateOf("Gate", { since: Date.now() })]);
    store.recordChecks([check("Gate", { at: Date.now(), message: "before" })]);
    store.recordTransition(transition("Gate", { at: Date.now() + 5 }));
    await until(() => store.health().details.checksStored === 1);
    const pieces: Uint8Array[] = [];
    for await (const piece of store.read({ kind: "backup" })) pieces.push(piece);
    const copy = path.join(folder, "copy.db");
    writeFileSync(copy, Buffer.concat(pieces));
    store.recordChecks([check("Gate", { at: Date.now(), message: "after" })]);
    await until(() => store.health().details.checksStored === 2);
    // a disk that fails leaves a log behind that belongs to no other file
    copyFileSync(`${file}-wal`, path.join(folder, "old-wal"));
    await store.stop();
    renameSync(path.join(folder, "old-wal"), `${file}-wal`);

    for (const log of [`${file}-wal`, `${file}-shm`]) if (existsSync(log)) rmSync(log);
    renameSync(file, path.join(folder, "away.db"));
    renameSync(copy, file);
    const restored = await startedStore(context, "file", folder);
    assert.deepEqual(restored.store.confirmed().payload[0]?.state, "down");
    assert.equal(restored.store.live.find("Gate")?.last?.message, "before");
    assert.deepEqual(restored.logger.lines, []);
    const { incidents } = await restored.ask<{ incidents: { end: number | null }[] }>("incidents");
    assert.deepEqual(
      incidents.map(({ end }) => end),
      [null],
    );
    await restored.store.stop();
    assert.deepEqual(rows(file, "SELECT state FROM spans ORDER BY start").at(-1), { state: 5 });
  });
});
