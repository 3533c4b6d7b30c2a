import { describe, expect, test } from "vitest";
import { estimate, median, medianOfProcesses, paired, quantile, spread, timesAsFast } from "../src/stats.js";

describe("median and quantiles", () => {
  test("the middle value, or the mean of the two middle ones", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  test("between two values, quantiles are interpolated", () => {
    expect(quantile([0, 10], 0.1)).toBeCloseTo(1);
    expect(quantile([5], 0.9)).toBe(5);
  });

  test("the order of the input is left alone", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe("several processes", () => {
  test("a slow process counts once, however many rounds it has", () => {
    expect(
      medianOfProcesses([
        [2, 2],
        [3, 3],
        [9, 9, 9, 9, 9, 9],
      ]),
    ).toBe(3);
  });

  test("the spread holds 80 % of all rounds", () => {
    const { low, high } = spread([
      [0, 1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10],
    ]);
    expect(low).toBeCloseTo(1);
    expect(high).toBeCloseTo(9);
  });
});

describe("pairing by round", () => {
  test("values of the same process and round meet", () => {
    expect(paired((a, b) => a! / b!, [[10, 20], [30]], [[5, 5], [10]])).toEqual([[2, 4], [3]]);
  });

  test("a round that one side lacks is left out", () => {
    expect(paired((a, b) => a! + b!, [[1, 2, 3]], [[10]])).toEqual([[11]]);
  });
});

describe("an estimate", () => {
  test("of equal values has no width", () => {
    expect(
      estimate([
        [2, 2, 2],
        [2, 2],
      ]),
    ).toEqual({ value: 2, low: 2, high: 2 });
  });

  test("lies in its interval, which lies in the data", () => {
    const { value, low, high } = estimate([
      [1, 2, 3],
      [2, 3, 4],
      [3, 4, 5],
    ]);
    expect(value).toBe(3);
    expect(low).toBeGreaterThanOrEqual(1);
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
    expect(high).toBeLessThanOrEqual(5);
  });

  test("is wider when processes differ than when only rounds do", () => {
    const apart = estimate([Array(15).fill(1), Array(15).fill(2), Array(15).fill(3)]);
    const together = estimate([
      [1, 2, 3, 2, 2, 2, 2, 2],
      [1, 2, 3, 2, 2, 2, 2, 2],
      [1, 2, 3, 2, 2, 2, 2, 2],
    ]);
    expect(apart.high - apart.low).toBeGreaterThan(together.high - together.low);
  });

  test("is the same each time", () => {
    const series = [
      [1, 5, 2, 8],
      [3, 1, 4],
    ];
    expect(estimate(series)).toEqual(estimate(series));
  });

  test("of nothing is not a number", () => {
    expect(estimate([]).value).toBeNaN();
  });
});

test("a slow machine cancels out of the ratio", () => {
  const quiet = timesAsFast([[20, 20, 20]], [[10, 10, 10]]);
  const noisy = timesAsFast([[20, 60, 200]], [[10, 30, 100]]);
  expect(quiet.value).toBe(2);
  expect(noisy).toEqual(quiet);
});
