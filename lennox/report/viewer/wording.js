// What every script here needs: elements by id, and sentences in the page's language, which stand beside the page's body.
(() => {
  "use strict";
  const sentences = JSON.parse(document.body.dataset.wording || "{}");
  const t = (sentence, values = {}) => (sentences[sentence] ?? sentence).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  const $ = (id) => document.getElementById(id);
  const make = (name, properties = {}, ...inside) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...inside);
    return element;
  };
  globalThis.lennox = { $, t, make, say: (text) => { $("say").textContent = text; } };
})();
