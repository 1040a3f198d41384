export * from "./check";
export * from "./edits";
export * from "./health";
export * from "./live";
export * from "./messages";
export * from "./reasons";
export * from "./settings";
export * from "./stream";
