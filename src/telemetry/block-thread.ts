const cell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** The whole process stands still, but for what other threads do. Nobody ever wakes it: it ends when the time is over. */
export function blockThread(ms: number): void {
  Atomics.wait(cell, 0, 0, ms);
}
