/** Functions that are called for the first time near the stack's end, which V8 cannot compile there: whatever throws a RangeError does so before anything changes. */
import { expect, it } from "vitest";
import { bundle } from "../../../scripts/test-kit/bundled.ts";
import { type Attempt, type Program, runLateFunctions } from "../../../scripts/test-kit/late-functions.ts";

type Package = typeof import("../src/index.ts");

const file = await bundle(new URL("..", import.meta.url), "esm");
const byAddress = (a: number, b: number): number => a - b;

interface Owner {
  readonly name: string;
  readonly contractVersion: 1;
  viewsChanged(): void;
  id: number;
  readonly runs: Map<number, number>;
  readonly tables: Map<number, number>;
}

function memoryProgram({ LinearMemory }: Package, next: (below: number) => number, attempt: Attempt): Program {
  const memory = new LinearMemory({ initialPages: 1, maxPages: [300, 5000][next(2)]! });
  const ownerOf = (): Owner => ({
    name: `owner ${next(3)}`,
    contractVersion: 1,
    viewsChanged: () => {},
    id: 0,
    runs: new Map(),
    tables: new Map(),
  });
  const owners = [ownerOf()];
  owners[0]!.id = memory.register(owners[0]!);
  const step = (): void => {
    const owner = owners[next(owners.length)]!;
    const { runs, tables, id } = owner;
    if (runs.size > 30) {
      for (const [pointer, pages] of [...runs].slice(next(5))) {
        memory.release(pointer, pages);
        runs.delete(pointer);
      }
    }
    const [run, pages] = [...runs][next(Math.max(1, runs.size))] ?? [0, 0];
    const [table, bytes] = [...tables][next(Math.max(1, tables.size))] ?? [0, 0];
    const more = 1 + next(next(6) === 0 ? 40 : 4);
    const wanted = 1 + next(next(5) === 0 ? 100_000 : 5000);
    const operation = next(22);
    let made = 0;
    let changed = false;
    const other = ownerOf();
    attempt(() => {
      if (operation < 6) made = memory.tryAcquire(more, id, 1 + (operation & 1));
      else if (operation < 10 && run !== 0) {
        memory.release(run, pages);
        changed = true;
      } else if (operation >= 10 && operation < 12 && run !== 0) changed = memory.tryExtend(run, pages, more);
      else if (operation >= 12 && operation < 16) made = memory.tryAcquireTable(wanted);
      else if (operation >= 16 && operation < 18 && table !== 0) {
        memory.releaseTable(table, bytes);
        changed = true;
      } else if (operation === 18 && owners.length < 40) other.id = memory.register(other);
      else if (operation === 19 && owners.length > 1) {
        memory.unregister(id);
        changed = true;
      } else if (operation === 20) memory.refresh();
    });
    if (made !== 0) (operation < 6 ? runs : tables).set(made, operation < 6 ? more : wanted);
    if (other.id !== 0) owners.push(other);
    if (!changed) return;
    if (operation < 10) runs.delete(run);
    else if (operation < 12) runs.set(run, pages + more);
    else if (operation < 18) tables.delete(table);
    else {
      for (const [pointer, size] of tables) memory.releaseTable(pointer, size);
      owners.splice(owners.indexOf(owner), 1);
    }
  };
  const check = (): void => {
    const theirs = new Map<number, number>();
    const taken: [pointer: number, bytes: number][] = [];
    for (const { id, runs, tables } of owners) {
      for (const [pointer, pages] of runs) {
        for (let page = 0; page < pages; page++) theirs.set(pointer + page * 65_536, id);
      }
      for (const [pointer, bytes] of tables) taken.push([pointer, bytes]);
    }
    const ids = new Set(owners.map(({ id }) => id));
    for (let pointer = 0; pointer < memory.pageCount * 65_536; pointer += 65_536) {
      const owner = memory.ownerOf(pointer);
      expect(ids.has(owner) ? owner : undefined).toBe(theirs.get(pointer));
    }
    let end = 0;
    for (const [pointer, bytes] of taken.sort(([a], [b]) => byAddress(a, b))) {
      expect(pointer).toBeGreaterThanOrEqual(end);
      expect(theirs.has(pointer - (pointer % 65_536))).toBe(false);
      end = pointer + bytes;
    }
    expect(memory.footprint).toBeGreaterThanOrEqual(theirs.size * 65_536);
  };
  return { step, check };
}

it.each(Array.from({ length: 4 }, (_, seed) => seed))("leave nothing half done, seed %i", async (seed) => {
  expect(await runLateFunctions(file, seed, 240, memoryProgram)).toBeGreaterThan(10);
});
