export * from "./check";
export * from "./health";
export * from "./messages";
export * from "./reasons";
export * from "./settings";
export * from "./stream";
