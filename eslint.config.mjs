import js from "@eslint/js";
import globals from "globals";
import prettier from "eslint-config-prettier";
import tseslint from "typescript-eslint";

/** Nodes never import each other: what passes between them is a message of contracts/ on a wire. */
const nodeFolders = ["stream-config", "stream-probe", "status-store", "mqtt-status", "stream-preview"];

/** Adapters are the files named after their node; only they and runtime/ may know Node-RED. */
const adapters = [
  "nodes/stream-config/stream-config.ts",
  "nodes/stream-probe/stream-probe.ts",
  "nodes/stream-preview/stream-preview.ts",
  "nodes/status-store/status-database.ts",
  "nodes/status-store/status-store.ts",
  "nodes/status-store/status-query.ts",
];

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", ".cache/", "data/"] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked.map((config) => ({ ...config, files: ["**/*.ts"] })),
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      // what comes from cameras and files is searched for control characters on purpose
      "no-control-regex": "off",
    },
  },
  {
    files: ["**/*.ts"],
    ignores: [...adapters, "common/node-red.ts", "runtime/**", "test/**", "bench/**"],
    rules: {
      "no-restricted-imports": ["error", { paths: ["node-red", "@node-red/util"] }],
      "no-restricted-syntax": [
        "error",
        {
          selector: "Identifier[name='RED']",
          message: "Only adapters and runtime/ may know RED (docs/ARCHITECTURE.md).",
        },
      ],
    },
  },
  ...nodeFolders.map((folder) => ({
    files: [`nodes/${folder}/**/*.ts`],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              group: nodeFolders.filter((other) => other !== folder).map((other) => `**/${other}/**`),
              message: "Nodes never import each other: send a message of contracts/ instead.",
            },
          ],
        },
      ],
    },
  })),
  {
    files: ["test/**/*.ts"],
    rules: {
      // node:test's describe and it return promises that the runner itself awaits
      "@typescript-eslint/no-floating-promises": "off",
    },
  },
  {
    files: ["**/*.mjs"],
    languageOptions: { globals: globals.node },
  },
  prettier,
);
