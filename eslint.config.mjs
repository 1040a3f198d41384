import js from "@eslint/js";
import globals from "globals";
import prettier from "eslint-config-prettier";
import vue from "eslint-plugin-vue";
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
  "dashboard/ui-stream-board/ui-stream-board.ts",
  "dashboard/ui-stream-settings/ui-stream-settings.ts",
  // what both widgets tell Node-RED
  "dashboard/node/guard.ts",
  "dashboard/node/register-widget.ts",
  "nodes/mqtt-status/mqtt-status.ts",
  // in the browser: a key of what Dashboard's server tells its pages
  "dashboard/shared/dashboard-app.ts",
  // in the browser: Node-RED's editor
  "editor/node-red-editor.d.ts",
  "editor/texts.ts",
];

/** What runs in browsers: halves of the dashboard's widgets, and what the forms in Node-RED's editor share. */
const browserFiles = ["dashboard/shared/**", "dashboard/*/vue/**", "editor/**"];

export default tseslint.config(
  { ignores: ["dist/", "resources/", "node_modules/", ".cache/", "data/"] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked.map((config) => ({ ...config, files: ["**/*.ts"] })),
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
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
  ...vue.configs["flat/recommended"].map((config) => ({ ...config, files: ["**/*.vue"] })),
  {
    files: ["**/*.vue"],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      // names and messages come from cameras: everything is text
      "vue/no-v-html": "error",
      "vue/no-v-text-v-html-on-component": "error",
      // vue-tsc knows these
      "no-undef": "off",
      "no-unused-vars": "off",
      // a property that is not given is undefined, as its type says
      "vue/require-default-prop": "off",
    },
  },
  { files: browserFiles, languageOptions: { globals: globals.browser } },
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
    rules: { "no-unused-vars": ["error", { ignoreRestSiblings: true, varsIgnorePattern: "^_" }] },
  },
  prettier,
);
