// Waiting for something to become true: polled, with a deadline that says what was waited for.

/** How long any wait lasts before the test fails. Generous: a sanitizer's build on a busy machine is slow. */
export const kDeadline = 30_000;

const kPollInterval = 10;

/**
 * Polls `condition` (may be async) until it returns something truthy, and returns that.
 * `what` completes "waited N ms for …"; `details` is called for more text when the deadline passes.
 */
export async function waitFor(what, condition, { deadline = kDeadline, details } = {}) {
  const end = Date.now() + deadline;
  let lastError;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() >= end) break;
    await new Promise((resolve) => setTimeout(resolve, kPollInterval));
  }
  const because = lastError ? `\nlast error: ${lastError.stack ?? lastError}` : '';
  const more = details ? `\n${await details()}` : '';
  throw new Error(`waited ${deadline} ms for ${what}${because}${more}`);
}

/** Awaits `promise`, but fails after the deadline with a message that names `what`. */
export async function within(what, promise, { deadline = kDeadline, details } = {}) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(async () => {
      const more = details ? `\n${await details()}` : '';
      reject(new Error(`waited ${deadline} ms for ${what}${more}`));
    }, deadline);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Fails if `condition` becomes true before `duration` ms are over: for what must not happen, where
 * there is no event to wait for.
 */
export async function neverDuring(duration, what, condition) {
  const end = Date.now() + duration;
  while (Date.now() < end) {
    if (await condition()) {
      throw new Error(`${what}, ${duration - (end - Date.now())} ms into the ${duration} ms watched`);
    }
    await new Promise((resolve) => setTimeout(resolve, kPollInterval));
  }
}
