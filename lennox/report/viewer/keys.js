// Keys and buttons: one table for both, and for the list of keys.
(() => {
  "use strict";
  const { $, t, make } = globalThis.lennox;
  const SHOWN = { ArrowRight: "→", ArrowLeft: "←", " ": t("space"), "Shift+Arrow": t("Shift + arrows"), Enter: "Enter", Escape: "Esc" };
  const press = (name, on) => document.querySelector(`[data-do="${name}"]`)?.setAttribute("aria-pressed", String(on));

  // reading : what is done to; more : further [name, keys, text, work] of a page
  function listen(reading, more = []) {
    const { viewer, beside, deciding, list, panel, pen } = reading;
    const both = (work) => beside.viewers().forEach(work);
    const full = (on = !document.body.classList.contains("full")) => { document.body.classList.toggle("full", on); press("full", on); };
    const showKeys = () => { $("help").showModal(); $("help").scrollTop = 0; };
    const windowing = () => {
      viewer.windowing = !viewer.windowing;
      if (beside.viewer) beside.viewer.windowing = viewer.windowing;
      press("window", viewer.windowing);
    };
    const actions = [
      ["next", ["ArrowRight", "j"], t("next film"), () => list.step(1)],
      ["previous", ["ArrowLeft", "k"], t("previous film"), () => list.step(-1)],
      ["marks", [" "], t("show or hide suggestions"), () => reading.toggleMarks()],
      ["lower", ["["], t("show less probable suggestions"), () => reading.nudge(-1)],
      ["higher", ["]"], t("show more probable ones only"), () => reading.nudge(1)],
      ...[0, 1, 2].map((index) => [`point-${index + 1}`, [String(index + 1)], t("operating point {n}", { n: index + 1 }),
        () => panel.points[index] && reading.setThreshold(panel.points[index].threshold)]),
      ["choose", ["n"], t("next mark"), () => reading.chooseBy(1)],
      ["back", ["p"], t("mark before"), () => reading.chooseBy(-1)],
      ["accept", ["a"], t("accept the mark"), () => deciding.onChosen("accept")],
      ["reject", ["x"], t("reject the mark, or take a drawn one back"), () => deciding.onChosen("reject")],
      ["redraw", ["e"], t("redraw the mark"), () => deciding.onChosen("redraw")],
      ["tooth", ["t"], t("tooth, surface, depth and note of the mark"), () => document.querySelector("#marks .chosen [data-field=tooth]")?.focus()],
      ["polygon", ["d"], t("add a missed lesion: outline"), () => deciding.add("polygon")],
      ["box", ["b"], t("add a missed lesion: box"), () => deciding.add("box")],
      ["undo", ["u"], t("take the last decision back"), () => deciding.undo()],
      ["read", ["Enter"], t("film read, nothing to add"), () => deciding.read()],
      ["in", ["+", "="], t("zoom in"), () => both((one) => one.zoom(1.4))],
      ["out", ["-"], t("zoom out"), () => both((one) => one.zoom(1 / 1.4))],
      ["fit", ["0"], t("whole film, window as it was"), () => both((one) => { one.fit(); one.setWindow(0, 1); })],
      ["actual", ["o"], t("1:1, one pixel of the film to one of the screen"), () => both((one) => one.oneToOne())],
      ["pan", ["Shift+Arrow"], t("move the film"), null],
      ["window", ["w"], t("drag changes contrast and brightness"), windowing],
      ["brighter", ["."], t("brighter"), () => both((one) => one.changeWindow(-0.04, 0))],
      ["darker", [","], t("darker"), () => both((one) => one.changeWindow(0.04, 0))],
      ["harder", [">"], t("more contrast"), () => both((one) => one.changeWindow(0, -0.15))],
      ["softer", ["<"], t("less contrast"), () => both((one) => one.changeWindow(0, 0.15))],
      ["invert", ["i"], t("invert"), () => { both((one) => one.invert()); press("invert", viewer.inverted); }],
      ["turn", ["r"], t("turn by a quarter"), () => both((one) => one.rotate(90))],
      ["magnify", ["m"], t("magnifier"), () => { both((one) => one.magnify()); press("magnify", !viewer.lens.hidden); }],
      ["compare", ["c"], t("two films side by side"), () => beside.toggle()],
      ["full", ["f"], t("the film alone in the whole window, and back"), () => full()],
      ["suspected", ["s"], t("films with suggestions only, and back"), () => list.filter("marked")],
      ["list", ["l"], t("the list of films"), () => list.focus()],
      ["help", ["?"], t("all keys"), showKeys],
      ...more,
    ];
    const byKey = new Map(actions.flatMap(([, keys, , work]) => keys.map((key) => [key, work])));
    const byName = new Map(actions.map(([name, , , work]) => [name, work]));
    for (const button of document.querySelectorAll("[data-do]")) button.addEventListener("click", () => byName.get(button.dataset.do)());
    const penKeys = t("while drawing: arrow keys (with Shift in larger steps), Enter sets a corner, F closes, Backspace takes one back, Escape ends");
    $("keys").append(...[...actions, ["", ["Enter …"], penKeys]].flatMap(([, keys, text]) => [
      make("dt", {}, ...keys.flatMap((key) => [make("kbd", { textContent: SHOWN[key] ?? (key.length > 1 ? key : key.toUpperCase()) }), " "])), make("dd", { textContent: text }),
    ]));
    $("help-button").addEventListener("click", showKeys);

    addEventListener("click", (event) => { // after a click with a mouse, space and Enter are the page's again
      if (event.detail > 0) event.target.closest("main button, header button")?.blur();
    });
    addEventListener("keydown", (event) => {
      const at = event.target;
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      if (at.matches("input:not([type=checkbox]):not([type=range]), textarea, select")) {
        if (event.key === "Escape") { at.blur(); $("reading").focus(); }
        return;
      }
      if (event.key === "Escape" && document.body.classList.contains("list-open")) { $("films-close").click(); return; }
      if (pen.key(event)) { event.preventDefault(); return; }
      if (event.key === "Escape") { full(false); return; }
      if ((event.key === " " || event.key === "Enter") && at.matches("button, summary, input, a")) return; // theirs
      if (event.key.startsWith("Arrow") && (at.matches("input[type=range]") || event.shiftKey)) {
        const move = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[event.key];
        if (event.shiftKey && move) { event.preventDefault(); both((one) => one.pan(...move)); }
        return;
      }
      const work = byKey.get(event.key.length === 1 ? event.key.toLowerCase() : event.key);
      if (!work || !reading.film) return;
      event.preventDefault();
      work();
    });
  }
  globalThis.listenToKeys = listen;
})();
