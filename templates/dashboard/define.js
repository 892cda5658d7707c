// D3 comes as a module of another loader; this is all of that loader it needs.
"use strict";
globalThis.d3 = {};
globalThis.require = { defined: () => false };
globalThis.define = (name, needs, make) => make(globalThis.d3);
