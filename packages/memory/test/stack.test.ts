/** What is asked for at the stack's end is there, before and after the engine has optimized who asks. */
import { describe, expect, it, vi } from "vitest";
import { atEveryDepth } from "../../../scripts/test-kit/at-every-depth.ts";
import { importBundled } from "../../../scripts/test-kit/bundled.ts";

const { BurstGuard, requireStack, StackGuard } = await importBundled<typeof import("../src/index.ts")>(
  new URL("..", import.meta.url),
);

const guard = new StackGuard();

interface Guard {
  require(value: number): void;
}

/** Takes more than 128 bytes a call, also when it is optimized. */
const down = (calls: number, a: number, b: number, c: number, d: number, e: number, f: number, g: number): number =>
  calls === 0 ? a + g : down(calls - 1, b, c, d, e, f, g, a) + 1;

/** An operation of an allocator: it asks first, then it must not be interrupted. */
class Operation {
  interrupted = 0;
  private under = false;
  private value = 0;
  private readonly calls: number;
  private readonly ask: (value: number) => void;

  constructor(calls: number, ask: (value: number) => void) {
    this.calls = calls;
    this.ask = ask;
  }

  run(): void {
    if (this.under) this.interrupted++;
    this.under = false;
    this.ask(this.value);
    this.under = true;
    down(this.calls, 1, 2, 3, 4, 5, 6, 7);
    this.under = false;
    this.value = (this.value + 1) & 1023;
  }
}

describe.each([
  ["requireStack", 150, (): void => requireStack()],
  ["requireStack for two layers", 200, (): void => requireStack(2)],
  ["StackGuard", 12, (value: number): void => guard.require(value)],
] as const)("%s", (_, calls, asks) => {
  it.each([0, 30_000])("overflows in time after %i calls", (before) => {
    const operation = new Operation(calls, asks);
    for (let i = 0; i < before; i++) operation.run();
    let overflows = 0;
    for (let padding = 0; padding < 40; padding++) {
      overflows += atEveryDepth(() => operation.run(), padding);
      operation.run();
    }
    expect(operation.interrupted).toBe(0);
    expect(overflows).toBeGreaterThan(0);
  });
});

describe("a StackGuard", () => {
  it("asks for as much as requireStack at first", () => {
    const asks = (of: Guard): void => of.require(0);
    const cold = new StackGuard();
    const warm = new StackGuard();
    for (let i = 0; i < 100; i++) asks(warm);
    const warmOverflows = atEveryDepth(asks.bind(undefined, warm));
    const coldOverflows = atEveryDepth(asks.bind(undefined, cold));
    expect(coldOverflows).toBeGreaterThan(4 * warmOverflows);
  });

  it("counts calls only when they soon follow one another", () => {
    vi.useFakeTimers({ now: 1000 });
    try {
      const asks = (of: Guard): void => of.require(0);
      const warm = new StackGuard();
      const seldom = new StackGuard();
      for (let i = 0; i < 100; i++) asks(warm);
      for (let i = 0; i < 100; i++) {
        vi.setSystemTime(1000 + 100 * i);
        asks(seldom);
      }
      expect(atEveryDepth(asks.bind(undefined, seldom))).toBeGreaterThan(4 * atEveryDepth(asks.bind(undefined, warm)));
    } finally {
      vi.useRealTimers();
    }
  });

  it("calls what rehearses once, and again where that was not possible", () => {
    let calls = 0;
    const guard = new StackGuard(0, 10, () => ++calls === 3);
    for (let i = 0; i < 25; i++) guard.require(0);
    expect(calls).toBe(2);
    for (let i = 0; i < 100; i++) guard.require(0);
    expect(calls).toBe(3);
  });
});

describe("a BurstGuard", () => {
  const asks = (of: Guard): void => of.require(0);
  const warm = (): Guard => {
    const guard = new BurstGuard(1);
    for (let i = 0; i < 100; i++) {
      asks(guard);
      guard.ran();
    }
    return guard;
  };
  const count = (guard: Guard): number => atEveryDepth(asks.bind(undefined, guard));

  it("asks for less when the path ran to its end some times just before, and only then", () => {
    vi.useFakeTimers({ now: 1000 });
    try {
      const cold = new BurstGuard(1);
      for (let i = 0; i < 100; i++) asks(cold);
      const few = count(warm());
      expect(count(cold)).toBeGreaterThan(4 * few);
      const idle = warm();
      vi.setSystemTime(1100);
      expect(count(idle)).toBeGreaterThan(4 * few);
      const late = warm();
      vi.setSystemTime(900);
      expect(count(late)).toBeGreaterThan(4 * few);
    } finally {
      vi.useRealTimers();
    }
  });
});
