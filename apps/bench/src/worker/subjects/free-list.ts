import type { Scenario } from "../../catalogue/scenario.js";
import { spaceOf } from "../space.js";
import { pointers, type Subject, type Task } from "../subject.js";
import { rangesTask } from "../tasks.js";

/** What programs write by hand for a GPU buffer: free ranges in an array by their start, the first that fits, neighbours joined. */
class FreeList {
  private readonly free: { start: number; size: number }[];
  private readonly sizes = new Map<number, number>();

  constructor(length: number) {
    this.free = [{ start: 0, size: length }];
  }

  alloc(size: number): number {
    const index = this.free.findIndex((range) => range.size >= size);
    const range = this.free[index];
    if (range === undefined) return -1;
    const { start } = range;
    range.start += size;
    range.size -= size;
    if (range.size === 0) this.free.splice(index, 1);
    this.sizes.set(start, size);
    return start;
  }

  release(start: number): void {
    const size = this.sizes.get(start)!;
    this.sizes.delete(start);
    let low = 0;
    for (let high = this.free.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.free[middle]!.start < start) low = middle + 1;
      else high = middle;
    }
    const before = this.free[low - 1];
    const after = this.free[low];
    const joinsAfter = after !== undefined && start + size === after.start;
    if (before !== undefined && before.start + before.size === start) {
      before.size += joinsAfter ? size + after.size : size;
      if (joinsAfter) this.free.splice(low, 1);
    } else if (joinsAfter) {
      after.start = start;
      after.size += size;
    } else this.free.splice(low, 0, { start, size });
  }
}

const create = (scenario: Scenario): Subject<number> => {
  const list = new FreeList(spaceOf(scenario));
  return {
    allocator: { alloc: (size) => list.alloc(size), free: (start) => list.release(start) },
    store: pointers,
  };
};

/** The work of ranges. */
export const prepare = (scenario: Scenario): Task => rangesTask(scenario, create);
