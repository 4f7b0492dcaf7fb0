// What the hub imports for documents: the bindings as they are.
export { default, document } from "./virtual_files_html.js";
