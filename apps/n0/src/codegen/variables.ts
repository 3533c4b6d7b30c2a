/** Stores into variables. */

import type { VariableSymbol } from "../symbols.ts";
import * as wasm from "../wasm/index.ts";
import { captureAddress } from "./closures.ts";
import type { Code } from "./context.ts";
import { codeInLocal } from "./expressions.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { wasmType } from "./layout.ts";

/** Sets a variable to a value of its type. */
export function setSymbol(builder: FunctionBuilder, symbol: VariableSymbol, value: Code): Code {
  const { context, m } = builder;
  const { type } = symbol;
  switch (symbol.kind) {
    case "local":
      return builder.setVariable(symbol, value);
    case "capture": {
      const { target } = context;
      const { address, offset } = captureAddress(builder, symbol);
      if (target.storesPlainly(type)) return target.initialise(type, address, offset, () => value);
      return codeInLocal(builder, value, wasmType(type), (get) =>
        target.storeField(builder, type, address, offset, get, "a captured variable"),
      );
    }
    case "global": {
      const place = context.placeOf(symbol);
      if (place.kind === "wasm") return m.global.set(place.name, value);
      const address = (): Code => context.address(place.offset);
      // An interface lies in one slot, as in a frame.
      const put = type.kind === "interface" ? m.i64.store : m.i32.store;
      const stored = put(0, 4, address(), value);
      if (!context.recorded) return stored;
      const record = context.runtime("mph_record_store", [address(), m.i32.load(0, 4, address())]);
      return m.block(null, [stored, record], wasm.none);
    }
  }
}
