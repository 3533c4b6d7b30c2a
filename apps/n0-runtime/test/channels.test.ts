import { describe, expect, test } from "vitest";
import { Program, SETUPS, thrown } from "./support.ts";

describe.each(SETUPS)("channels on %s", (_, setup) => {
  test("five values go in and come out in order, round the ring", () => {
    const p = new Program(setup);
    const c = p.runtime.mph_channel_new();
    let sent = 0n;
    let received = 0n;
    for (let round = 0; round < 7; round++) {
      while (p.runtime.mph_channel_try_send(c, Number(sent), -1) === 1) sent++;
      expect(sent - received).toBe(5n);
      for (let i = 0; i < 3; i++) {
        expect(p.runtime.mph_channel_try_recv(c)).toBe(1);
        expect(p.result).toBe(BigInt.asIntN(64, (-1n << 32n) | received++));
      }
    }
  });

  test("blocking calls pass values, and report a deadlock where they would wait", () => {
    const p = new Program(setup);
    const c = p.runtime.mph_channel_new();
    p.runtime.mph_channel_send(c, 9, 0);
    p.runtime.mph_channel_recv(c);
    expect(p.result).toBe(9n);
    expect(thrown(() => p.runtime.mph_channel_recv(c))).toMatchObject({ reason: "deadlock", exitCode: 1 });
    for (let i = 0; i < 5; i++) p.runtime.mph_channel_send(c, i, 0);
    expect(thrown(() => p.runtime.mph_channel_send(c, 5, 0))).toMatchObject({ reason: "deadlock" });
    expect(p.runtime.mph_channel_try_recv(c)).toBe(1);
    expect(p.result).toBe(0n);
  });

  test("a channel variable may be rooted like an object (V1-10)", () => {
    const p = new Program(setup);
    const c = p.root(p.runtime.mph_channel_new());
    p.runtime.mph_channel_send(c, 1, 2);
    p.runtime.mph_gc_collect();
    p.string("more");
    p.runtime.mph_gc_collect();
    p.runtime.mph_channel_recv(c);
    expect(p.result).toBe((2n << 32n) | 1n);
    p.runtime.verify();
  });

  test("null and destroyed channels are the failure null", () => {
    const p = new Program(setup);
    const c = p.runtime.mph_channel_new();
    p.runtime.mph_channel_destroy(c);
    for (const channel of [0, c]) {
      expect(thrown(() => p.runtime.mph_channel_try_send(channel, 1, 0))).toMatchObject({ reason: "null" });
      expect(thrown(() => p.runtime.mph_channel_recv(channel))).toMatchObject({ reason: "null" });
      expect(thrown(() => p.runtime.mph_channel_destroy(channel))).toMatchObject({ reason: "null" });
    }
    expect(p.runtime.mph_channel_try_recv(p.runtime.mph_channel_new())).toBe(0);
  });
});
