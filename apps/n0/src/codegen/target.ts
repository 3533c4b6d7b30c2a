/**
 * What depends on who manages the memory: how values lie there, who makes objects, how references are stored, and what keeps them
 * alive. There are two answers: objects of V1 and V2 stay where they are (`fixed-target.ts`), those of the collector move (`gc/target.ts`).
 */
import type { Type } from "../types.ts";
import type * as wasm from "../wasm/index.ts";
import type { Code } from "./context.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import type { Layout } from "./layout.ts";

/** For which allocators a module is made: v1 and v2, or the collector. */
export type TargetName = "fixed" | "gc";

/** The references of one function that have to live across an allocation. A slot of -1 is none. */
export interface Frame {
  /** A slot for a variable or a parameter of the type, when it needs one. */
  slotFor(type: Type): number;
  /** A slot for a reference, for a while. */
  takeSlot(): number;
  giveSlot(slot: number): void;
  /** The parameter of that index has a slot, which the function fills when it starts. */
  keepParameter(index: number, slot: number, type: Type): void;
  /** Sets a local and its slot. */
  set(local: number, slot: number, type: Type, value: Code): Code;
  /** The body with what has to be done before and behind it. */
  around(body: Code): Code[];
}

/** One of the two ways. */
export interface Target {
  readonly name: TargetName;
  /** Bytes that a type takes in the table of types at the start of the region. */
  readonly typeBytes: number;
  /** How many types it makes objects of, beside those of the program. */
  readonly ownTypes: number;
  /** Bytes of the data before the first element of an array and the first byte of a string. */
  readonly dataHeader: number;
  /** Whether an object is made after its fields were evaluated. */
  readonly objectLast: boolean;
  /** Whether a map holds boxes in place of interface values. */
  readonly boxesInterfaces: boolean;

  /** Bytes of a value in a struct, an array or an environment. */
  sizeOf(type: Type): number;
  /** Places the fields of a struct or an environment. */
  layOut(types: readonly Type[]): Layout;
  /** The type a local has; locals of one type are used again for each other. */
  localType(type: wasm.Type): wasm.Type;

  /** The value at an address and an offset; where it {@link readsTwice}, the address must be a local. */
  load(type: Type, address: () => Code, offset: number): Code;
  readsTwice(type: Type): boolean;
  /** Stores a value in an object that was made since the last possible collection, or outside of objects. */
  initialise(type: Type, address: () => Code, offset: number, value: () => Code): Code;
  /** Whether {@link initialise} evaluates address and value more than once: then both must be locals or constants. */
  storesInSteps(type: Type): boolean;
  /** Whether {@link storeField} is one instruction, which evaluates object and value once. */
  storesPlainly(type: Type): boolean;
  /** Stores a value in any object. Object and value are locals or constants. @param why what is stored, for tests that leave barriers out */
  storeField(
    builder: FunctionBuilder,
    type: Type,
    object: () => Code,
    offset: number,
    value: () => Code,
    why: string,
  ): Code;
  /** Stores an element that is there; all are locals or constants. */
  storeElement(
    builder: FunctionBuilder,
    type: Type,
    array: () => Code,
    index: () => Code,
    value: () => Code,
    why: string,
  ): Code;

  /** A new object of a struct, an environment or the like, all zeros. */
  allocate(builder: FunctionBuilder, name: string, layout: Layout): Code;
  /** Whether objects of that size are certainly young when they are made. */
  isBornYoung(bytes: number): boolean;
  /** A new closure. @param bytes of the environment */
  closure(builder: FunctionBuilder, index: Code, environment: () => Code, bytes: number): Code;
  closureFunction(closure: Code): Code;
  closureEnvironment(closure: Code): Code;

  /** A new array of all elements of two that are not null. */
  concatArrays(element: Type, a: Code, b: Code): Code;
  /** Whether an array has no room for one more element. */
  isFull(array: () => Code): Code;
  /** The length of a string, as 64 bits and as 32. */
  stringLength(string: Code): Code;
  stringCount(string: Code): Code;
  /** Whether no byte of a string lies at an index, the 0 behind the last one included. */
  isOutside(string: Code, index: Code): Code;
  /** A new string of bytes that lie at an address. */
  literal(bytes: Uint8Array, address: Code): Code;
  /** What says whether a string that is not null has these bytes, where that takes no call; else null. Its parameter reads the string. */
  comparison(bytes: Uint8Array): ((get: () => Code) => Code) | null;
  /** Where the bytes of a string begin, without {@link dataHeader}. */
  stringBytes(string: Code): Code;

  /** The module's own function in place of one of the runtime, with the same parameters and result; null where there is none. */
  ownFunction(runtimeName: string): string | null;

  /** The frame of a function on its way. @param allocates whether anything it calls may allocate */
  frame(builder: FunctionBuilder, allocates: boolean): Frame;
  /** Adds what every module of this target has. */
  declare(): void;
}
