/** What an operation takes that the memory and the allocators below have a part in; see `requireStack` of `@morph/memory`. */
export const STACK_CALLS = 110;

/**
 * The same for operations of several steps, each of which asks for the stack that an allocator takes, and more as long as its functions may have to
 * be compiled; and for what is done with a lock, before it is given back.
 */
export const LOCKED_CALLS = 410;
