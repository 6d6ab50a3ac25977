// Cleans up after a test in the opposite order of set-up: clients go first, then sluice, then the
// backends. (The hooks of node:test run first in, first out, which would pull the backends away first.)

const stacks = new WeakMap();

/** Runs `undo` when the test `t` is over. An error of one does not keep the others from running. */
export function defer(t, undo) {
  let stack = stacks.get(t);
  if (!stack) {
    stack = [];
    stacks.set(t, stack);
    t.after(async () => {
      const errors = [];
      while (stack.length > 0) {
        try {
          await stack.pop()();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw errors[0];
    });
  }
  stack.push(undo);
}
