// How the page's scripts are written. Run by `make lint-web` from the project's root.
import js from "@eslint/js";

const BROWSER = [
  "document", "window", "location", "history", "localStorage", "matchMedia", "getComputedStyle", "ResizeObserver", "requestAnimationFrame",
  "performance", "setTimeout", "URL", "fetch",
];

/** What browsers and Node have alike. */
const BOTH = ["atob", "Blob", "Response", "DecompressionStream"];

const oneScope = [
  // The modules are put into the page one after another, without their imports (report/page.py): one scope for all.
  { selector: "ImportDefaultSpecifier, ImportNamespaceSpecifier", message: "Import by name." },
  { selector: "ExportDefaultDeclaration, ExportNamedDeclaration[declaration=null], ExportAllDeclaration", message: "Export a declaration." },
];

export default [
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-implicit-globals": "error",
      "no-shadow": "error",
      "no-use-before-define": ["error", { functions: false, variables: false }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
      "max-len": ["error", { code: 160 }],
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "What people wrote is text: use make()." },
        { property: "outerHTML", message: "What people wrote is text: use make()." },
        { property: "insertAdjacentHTML", message: "What people wrote is text: use make()." },
      ],
    },
  },
  {
    files: ["bachata_assets/report/web/*.mjs"],
    languageOptions: { globals: Object.fromEntries([...BROWSER, ...BOTH].map((name) => [name, "readonly"])) },
    rules: { "no-restricted-syntax": ["error", ...oneScope] },
  },
  {
    // These know no document, so that they can be tested without a browser.
    files: ["facts", "geometry", "colours", "likeness", "rows", "edits", "poses", "moments"].map((name) => `bachata_assets/report/web/${name}.mjs`),
    languageOptions: { globals: Object.fromEntries(BROWSER.map((name) => [name, "off"])) },
  },
];
