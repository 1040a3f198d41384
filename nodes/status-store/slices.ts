/**
 * Long work in slices: each step is one short transaction, and between two steps the thread does everything else. A
 * step that throws ends the work; what was committed stands, and the work can begin again from there.
 */
export type Slices = Generator<void, void, void>;
