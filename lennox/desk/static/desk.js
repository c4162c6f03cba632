// The reading desk: which film is on the screen, what is shown on it, and what each key and button does.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const say = (text) => { $("say").textContent = text; };
  const server = new DeskServer((text) => { $("trouble").hidden = !text; $("trouble").textContent = text; });
  const desk = { films: new Map(), keys: [], model: { status: "loading" }, settings: {}, last: -1 };
  const viewer = new FilmViewer($("one"));
  const marksLayer = new FilmMarks(viewer);
  const pen = new FilmPen(viewer, (text) => { say(text); $("pen-tools").hidden = !pen.active; });
  let second = null, film = null, threshold = null, shown = false, chosen = null, who = "", shownTimer = 0;

  const panel = new DeskPanel({
    decide, choose(key) { chosen = key; refresh(); }, redraw, threshold(value) { setThreshold(value); },
  });

  // ---- the list of films

  const FILTERS = {
    all: () => true,
    open: (row) => !row.read,
    marked: (row) => row.marks > 0,
    refused: (row) => row.status === "not assessable" || row.status === "unreadable",
    read: (row) => Boolean(row.read),
  };
  const listed = () => desk.keys.map((key) => desk.films.get(key)).filter((row) => row && FILTERS[$("filter").value](row));

  function status(row) {
    if (row.read) return `✓ read by ${row.read}${row.decided ? `, ${row.decided} decided` : ""}`;
    if (row.status === "waiting") return desk.model.status === "refused" ? "· not read by lennox" : "· waiting";
    if (row.status !== "assessed") return `? ${row.status}`;
    return row.decided ? `… ${row.decided} decided` : row.shown ? `▲ ${row.marks} suggested` : "○ to read";
  }
  function entry(row) {
    let item = document.getElementById(`film-${row.key}`);
    if (!item) {
      item = document.createElement("li");
      item.id = `film-${row.key}`;
      const button = document.createElement("button");
      button.type = "button";
      button.append(Object.assign(document.createElement("img"), { loading: "lazy", alt: "", width: 60, height: 45 }),
        Object.assign(document.createElement("span"), { className: "name" }), Object.assign(document.createElement("span"), { className: "status" }));
      button.addEventListener("click", () => { open(row.key); toggleList(false); });
      item.append(button);
    }
    const [image, name, state] = item.firstChild.children;
    const picture = `/api/films/${row.key}/thumbnail?${row.stamp}`;
    if (image.getAttribute("src") !== picture && row.status !== "unreadable") image.src = picture;
    name.textContent = row.name;
    state.textContent = status(row);
    state.className = `status ${row.read ? "done" : row.status.replace(" ", "-")}`;
    item.firstChild.toggleAttribute("aria-current", film?.key === row.key);
    return item;
  }
  function showList() {
    const rows = listed();
    const list = $("list"), items = rows.map(entry);
    if (items.length !== list.children.length || items.some((item, index) => item !== list.children[index])) list.replaceChildren(...items);
    $("empty").hidden = rows.length > 0;
    $("empty").textContent = desk.keys.length ? "No film is like that." : desk.remark || "There is no film yet.";
  }
  function toggleList(open = !document.body.classList.contains("list-open")) {
    document.body.classList.toggle("list-open", open);
    $("films-button").setAttribute("aria-expanded", String(open));
  }
  function step(by) {
    const rows = listed(), at = rows.findIndex((row) => row.key === film?.key);
    const row = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
    if (row && row.key !== film?.key) open(row.key);
    else say(by > 0 ? "This is the last film." : "This is the first film.");
  }

  // ---- the film on the screen

  async function open(key) {
    if (pen.active) pen.stop();
    let found;
    try { found = await server.ask(`/api/films/${key}`); } catch (error) { say(error.message); return; }
    film = found;
    shown = false; chosen = null;
    if (threshold === null || !desk.sticky) threshold = defaultThreshold();
    $("name").textContent = film.name;
    $("refusal").hidden = true;
    history.replaceState(null, "", `#${key}`);
    showList();
    document.getElementById(`film-${key}`)?.scrollIntoView({ block: "nearest" });
    refresh();
    const source = film.record?.source;
    try {
      if (film.status === "unreadable") throw new Error("no picture");
      const url = picture(film);
      const size = source?.rows ? { rows: source.rows, columns: source.columns } : await sizeOf(url);
      if (film.key !== key) return;
      await viewer.open({ url, ...size, spacing: source?.spacing_mm ?? null, windowed: deeper(url, source) });
    } catch {
      viewer.close();
      $("refusal").hidden = false;
      $("refusal").textContent = film.reasons.join(" ") || "The film's picture cannot be shown.";
    }
    if (film.key !== key) return;
    refresh();
    note();
    const next = listed()[listed().findIndex((row) => row.key === key) + 1];
    if (next && next.status !== "unreadable") new Image().src = picture(next);
  }
  const picture = (row) => `/api/films/${row.key}/picture?${row.stamp}`;
  const deeper = (url, source) => (source?.bits > 8 ? (low, high) => `${url}&low=${low}&high=${high}` : null);
  async function sizeOf(url) {
    const image = new Image();
    image.src = url;
    await image.decode();
    return { rows: image.naturalHeight, columns: image.naturalWidth };
  }
  async function reload() {
    const key = film?.key;
    if (!key) return;
    const before = film.status;
    const found = await server.ask(`/api/films/${key}`);
    if (film?.key !== key) return;
    film = found;
    if (before === "waiting" && film.status !== "waiting") { open(key); return; }
    refresh();
  }
  const defaultThreshold = () => (desk.model.points?.find((point) => point.inUse) ?? desk.model.points?.[0])?.threshold ?? 0.5;

  // Every mark that the film has now: suggestions above the threshold while they are shown, and whatever was decided.
  function currentMarks() {
    if (!film?.record) return [];
    const found = [];
    film.record.findings.forEach((finding, index) => {
      const key = String(index + 1), decision = film.decisions[key] ?? null;
      if (!decision && !(shown && finding.probability >= threshold)) return;
      found.push({
        key, number: key, label: finding.label, probability: finding.probability, decision, verdict: decision?.verdict ?? "",
        outline: decision?.outline.length ? decision.outline : film.outlines[index],
      });
    });
    let drawn = 0;
    for (const [key, decision] of Object.entries(film.decisions)) {
      if (!key.startsWith("h")) continue;
      drawn += 1;
      if (decision.verdict === "removed") continue;
      found.push({ key, number: `A${drawn}`, label: "", probability: null, decision, verdict: decision.verdict, outline: decision.outline });
    }
    return found;
  }
  function refresh() {
    if (!film) return;
    const marks = currentMarks();
    const visible = shown ? marks : marks.filter((mark) => mark.verdict === "missed" || mark.key === chosen);
    if (viewer.film) marksLayer.show(visible.filter((mark) => mark.outline.length > 2).map((mark) => ({ ...mark, chosen: mark.key === chosen })));
    panel.show(marks, chosen, desk, nothing(marks));
    $("threshold").hidden = !shown || film.status !== "assessed";
    panel.showThreshold(threshold ?? 0.5);
    const button = $("marks-button");
    button.textContent = shown ? "Hide suggestions" : "Show suggestions";
    button.setAttribute("aria-pressed", String(shown));
    $("read-button").textContent = Object.keys(film.decisions).length ? "Film read, nothing more to add" : "Film read, nothing to add";
    const unreleased = desk.model.unreleased ? " · UNRELEASED MODEL: must not decide about a patient" : "";
    $("state").textContent = `${film.status === "waiting" ? (desk.model.status === "refused" ? "no model" : "waiting to be read by lennox") : film.status}${unreleased}`;
    $("state").classList.toggle("bad", Boolean(unreleased) || film.status.startsWith("not") || film.status === "unreadable");
    $("read-by").textContent = film.readBy ? `Read by ${film.readBy.who}, ${new Date(film.readBy.time).toLocaleString()}.` : "";
    showPatient();
  }
  function nothing(marks) {
    if (film.status === "waiting") {
      return desk.model.status === "refused" ? "lennox marks nothing: its model was refused, see above. Films can be looked at."
        : "lennox has not read this film yet. Look at it meanwhile.";
    }
    if (film.status !== "assessed") return `${film.status === "unreadable" ? "Unreadable" : "Not assessable"}: no result. ${film.reasons.join(" ")}`;
    if (!shown) return marks.length ? "" : "Look at the film alone first; then show what lennox suggests (space).";
    return marks.length ? "" : "Nothing is suggested from this probability on. This does not mean that there is no caries.";
  }

  // ---- deciding

  const circumstances = () => (shown ? { marks: true, threshold } : { marks: false });
  function note() { // what was on the screen when
    clearTimeout(shownTimer);
    const key = film?.key;
    shownTimer = setTimeout(() => {
      if (key && film?.key === key && film.status === "assessed") server.send({ kind: "shown", film: key, shown: circumstances() }).catch(() => {});
    }, 600);
  }
  function askWho(then) {
    if (who) { then(); return; }
    $("initials").value = desk.settings.who ?? "";
    $("notation").replaceChildren(...Object.entries(desk.notations).map(([name, example]) => new Option(`${name}, such as ${example}`, name)));
    $("notation").value = desk.settings.notation ?? "FDI";
    const dialog = $("who-dialog");
    dialog.returnValue = "";
    dialog.onclose = async () => {
      const text = $("initials").value.trim();
      if (dialog.returnValue !== "ok" || !text) return;
      who = text;
      $("who").textContent = `Initials: ${who}`;
      const notation = $("notation").value;
      await keep({ kind: "setting", name: "who", value: who });
      if (notation !== (desk.settings.notation ?? "")) await keep({ kind: "setting", name: "notation", value: notation });
      Object.assign(desk.settings, { who, notation });
      then();
    };
    dialog.showModal();
    $("initials").select();
  }
  async function keep(event) {
    try {
      const answer = await server.send({ ...event, who });
      if (answer.film && answer.film.key === film?.key) { film = answer.film; refresh(); }
      poll();
      return answer;
    } catch (error) {
      say(error.message);
      refresh();
      return null;
    }
  }
  let deciding = Promise.resolve(); // one after another: each says everything that is known of its mark
  function decide(key, change) {
    const target = film, when = circumstances();
    askWho(() => { deciding = deciding.then(() => decideNow(target, key, change, when)); });
  }
  async function decideNow(target, key, change, when) {
    const known = film.key === target.key ? film : target;
    const before = key && known.decisions[key];
    const verdict = change.verdict ?? before?.verdict ?? "accept";
    const isHand = !key || key.startsWith("h");
    const kept = before && before.verdict !== "removed" ? before : {};
    const event = {
      kind: "mark", film: known.key, mark: key, verdict: isHand && verdict !== "removed" ? "missed" : verdict, seen: known.last,
      outline: change.outline ?? (verdict === "edit" || isHand ? kept.outline : undefined),
      tooth: change.tooth ?? kept.tooth, notation: desk.settings.notation ?? "FDI",
      surface: change.surface ?? kept.surface, depth: change.depth ?? kept.depth, note: change.note ?? kept.note, shown: when,
    };
    const answer = await keep(event);
    if (!answer) return;
    const SAID = { accept: "Accepted", reject: "Rejected", edit: "Redrawn", missed: "Kept", removed: "Taken back" };
    say(`${SAID[event.verdict]}${key ? ` mark ${key.replace("h", "")}` : ""}, and saved.`);
    if (!key && film.key === known.key) { chosen = `h${answer.number}`; refresh(); }
  }
  function draw(tool, done) {
    if (!film?.record || film.status === "waiting") { say("The film must be read first."); return; }
    if (!viewer.item) { say("There is no picture to draw on."); return; }
    askWho(() => { pen.start(tool, (corners) => { $("pen-tools").hidden = true; done(corners); }); });
  }
  function redraw(key) {
    draw("polygon", (outline) => decide(key, { verdict: key.startsWith("h") ? "missed" : "edit", outline }));
  }
  function onChosen(verdict) {
    if (!chosen) { chooseBy(1); return; }
    if (chosen.startsWith("h") && verdict !== "redraw") { say("A mark drawn by hand is taken back or redrawn."); return; }
    if (verdict === "redraw") redraw(chosen); else decide(chosen, { verdict });
  }
  function chooseBy(by) {
    const marks = currentMarks();
    if (!marks.length) { say(shown ? "There is no mark here." : "Show the suggestions first: space."); return; }
    const at = marks.findIndex((mark) => mark.key === chosen);
    chosen = marks[(at + by + marks.length) % marks.length].key;
    refresh();
    const mark = marks.find((one) => one.key === chosen);
    say(`Mark ${mark.number}${mark.probability === null ? "" : `, probability ${mark.probability.toFixed(2)}`}${mark.verdict ? `, ${mark.verdict}` : ", not decided"}.`);
    document.querySelector(`[data-mark="${chosen}"]`)?.scrollIntoView({ block: "nearest" });
  }
  let warned = "";
  function readFilm() {
    if (!film) return;
    if (film.status === "waiting") { say("lennox has not read this film yet."); return; }
    const left = shown ? currentMarks().filter((mark) => !mark.verdict).length : 0;
    if (left && warned !== film.key) {
      warned = film.key;
      say(`${left} ${left === 1 ? "suggestion is" : "suggestions are"} not decided. Decide, or press again to leave ${left === 1 ? "it" : "them"} open.`);
      return;
    }
    askWho(async () => {
      const answer = await keep({ kind: "film", film: film.key, is_read: true, shown: circumstances() });
      if (answer) { say("Film read; saved."); step(1); }
    });
  }
  function undo() {
    askWho(async () => {
      const answer = await keep({ kind: "undo", film: film.key });
      if (answer) say(answer.undone ? "Taken back; the record of both stays." : "There is nothing of this window to take back on this film.");
    });
  }
  const countShown = () => currentMarks().filter((mark) => mark.probability !== null).length;
  function setThreshold(value) {
    threshold = value;
    desk.sticky = true;
    refresh();
    note();
    if (shown) say(`${countShown()} from probability ${value.toFixed(2)} on.`);
  }
  function toggleMarks() {
    if (!film) return;
    shown = !shown;
    refresh();
    note();
    const count = countShown();
    say(shown ? `${count} ${count === 1 ? "suggestion" : "suggestions"} shown.` : "Suggestions hidden.");
  }

  // ---- the patient

  function showPatient() {
    if ($("about-patient").contains(document.activeElement)) return;
    $("patient-name").textContent = film.patient;
    $("patient").value = film.patientTyped ? film.patient : "";
    $("patient-hint").textContent = film.patientTyped ? "" : `Until you say otherwise: ${film.patient}, as the file lies in the folder.`;
    const names = Object.keys(desk.features ?? {});
    const make = (name) => {
      const select = Object.assign(document.createElement("select"), { id: `feature-${name}`, name });
      select.append(new Option("did not say", ""), ...desk.features[name].map((group) => new Option(group, group)));
      select.value = film.features[name] ?? "";
      const line = document.createElement("p");
      line.append(Object.assign(document.createElement("label"), { htmlFor: select.id, textContent: name.replaceAll("_", " ") }), select);
      return line;
    };
    const consent = Object.assign(document.createElement("input"), { type: "checkbox", id: "consent", checked: film.consent });
    const line = document.createElement("p");
    line.append(consent, Object.assign(document.createElement("label"), { htmlFor: "consent", textContent:
      "The patient agreed that this is noted for checking whether lennox serves everybody alike. It stays in this folder's file." }));
    $("features").replaceChildren(...(names.length ? [line, ...names.map(make)] : []));
  }
  $("patient-form").addEventListener("submit", (event) => {
    event.preventDefault();
    document.activeElement?.blur();
    const name = $("patient").value.trim(), consent = $("consent")?.checked ?? false;
    const features = Object.fromEntries([...$("features").querySelectorAll("select")].map((one) => [one.name, one.value]));
    askWho(async () => {
      if (name !== (film.patientTyped ? film.patient : "") && !(await keep({ kind: "film", film: film.key, patient: name }))) return;
      if ($("consent") && !(await keep({ kind: "patient", patient: name || film.patient, consent, features: consent ? features : {} }))) return;
      await reload();
      say("Kept.");
    });
  });

  // ---- two films beside each other

  async function compare(on = $("two").hidden) {
    $("two").hidden = $("beside-label").hidden = !on;
    press("compare", on);
    if (!on) { second?.close(); return; }
    const rows = desk.keys.map((key) => desk.films.get(key))
      .filter((row) => row.key !== film?.key && row.status !== "unreadable");
    const folder = film.name.split("/").slice(0, -1).join("/");
    const order = [...rows.filter((row) => row.name.startsWith(`${folder}/`)), ...rows.filter((row) => !row.name.startsWith(`${folder}/`))];
    $("beside").replaceChildren(...order.map((row) => new Option(row.name, row.key)));
    if (!second) { second = new FilmViewer($("two")); FilmViewer.together(viewer, second); }
    await openBeside();
    viewer.fit();
  }
  async function openBeside() {
    const row = desk.films.get($("beside").value);
    if (!row) { say("There is no other film."); return; }
    try {
      const url = picture(row), found = await server.ask(`/api/films/${row.key}`);
      await second.open({ url, ...(await sizeOf(url)), spacing: found.record?.source.spacing_mm ?? null, windowed: deeper(url, found.record?.source) });
    } catch { say("That film's picture cannot be shown."); }
  }
  $("beside").addEventListener("change", openBeside);

  // ---- keys and buttons: one table for both, and for the help

  const both = (work) => { for (const one of [viewer, $("two").hidden ? null : second]) if (one?.item) work(one); };
  const press = (name, on) => document.querySelector(`[data-do="${name}"]`)?.setAttribute("aria-pressed", String(on));
  const ACTIONS = [
    ["next", ["ArrowRight", "j"], "next film", () => step(1)],
    ["previous", ["ArrowLeft", "k"], "previous film", () => step(-1)],
    ["marks", [" "], "show or hide suggestions", toggleMarks],
    ["lower", ["["], "show less probable suggestions", () => nudge(-1)],
    ["higher", ["]"], "show more probable ones only", () => nudge(1)],
    ...[0, 1, 2].map((index) => [`point-${index + 1}`, [String(index + 1)], `operating point ${index + 1}`,
      () => panel.points[index] && setThreshold(panel.points[index].threshold)]),
    ["choose", ["n"], "next mark", () => chooseBy(1)],
    ["back", ["p"], "mark before", () => chooseBy(-1)],
    ["accept", ["a"], "accept the mark", () => onChosen("accept")],
    ["reject", ["x"], "reject the mark", () => onChosen("reject")],
    ["redraw", ["e"], "redraw the mark", () => onChosen("redraw")],
    ["tooth", ["t"], "tooth, surface, depth and note of the mark", () => document.querySelector("#marks .chosen [data-field=tooth]")?.focus()],
    ["polygon", ["d"], "add a missed lesion: outline", () => draw("polygon", (outline) => decide(null, { verdict: "missed", outline }))],
    ["box", ["b"], "add a missed lesion: box", () => draw("box", (outline) => decide(null, { verdict: "missed", outline }))],
    ["undo", ["u"], "take the last decision back", undo],
    ["read", ["Enter"], "film read, nothing to add", readFilm],
    ["in", ["+", "="], "zoom in", () => both((one) => one.zoom(1.4))],
    ["out", ["-"], "zoom out", () => both((one) => one.zoom(1 / 1.4))],
    ["fit", ["0"], "whole film, window as it was", () => both((one) => { one.fit(); one.setWindow(0, 1); })],
    ["actual", ["o"], "1:1, one pixel of the film to one of the screen", () => both((one) => one.oneToOne())],
    ["pan", ["Shift+Arrow"], "move the film", null],
    ["window", ["w"], "drag changes contrast and brightness", () => { viewer.windowing = !viewer.windowing; if (second) second.windowing = viewer.windowing; press("window", viewer.windowing); }],
    ["brighter", ["."], "brighter", () => both((one) => one.changeWindow(-0.04, 0))],
    ["darker", [","], "darker", () => both((one) => one.changeWindow(0.04, 0))],
    ["harder", [">"], "more contrast", () => both((one) => one.changeWindow(0, -0.15))],
    ["softer", ["<"], "less contrast", () => both((one) => one.changeWindow(0, 0.15))],
    ["invert", ["i"], "invert", () => { both((one) => one.invert()); press("invert", viewer.inverted); }],
    ["turn", ["r"], "turn by a quarter", () => both((one) => one.rotate(90))],
    ["magnify", ["m"], "magnifier", () => { both((one) => one.magnify()); press("magnify", !viewer.lens.hidden); }],
    ["compare", ["c"], "two films side by side", () => compare()],
    ["page", ["g"], "page for the patient", () => film && window.open(`/api/films/${film.key}/patient?language=${$("language").value}`, "_blank", "noopener")],
    ["list", ["l"], "the list of films", () => { toggleList(true); ($("list").querySelector("[aria-current]") ?? $("filter")).focus(); }],
    ["help", ["?"], "all keys", () => $("help").showModal()],
  ];
  const SHOWN_KEYS = { ArrowRight: "→", ArrowLeft: "←", " ": "space", "Shift+Arrow": "Shift + arrows" };
  const byKey = new Map(ACTIONS.flatMap(([, keys, , work]) => keys.map((key) => [key, work])));
  const byName = new Map(ACTIONS.map(([name, , , work]) => [name, work]));
  const penKeys = "while drawing: arrow keys (with Shift in larger steps), Enter sets a corner, F closes, Backspace takes one back, Escape ends";

  function nudge(by) { // to the next candidate, so that each step shows or hides one
    if (!film?.record || !shown) { say("Show the suggestions first: space."); return; }
    const all = film.record.findings.map((one) => one.probability).sort((a, b) => a - b);
    const value = by < 0 ? all.filter((one) => one < threshold - 1e-6).at(-1) : all.find((one) => one >= threshold - 1e-6);
    if (value === undefined) { say(by < 0 ? "There is no less probable one." : "There is none left."); return; }
    setThreshold(by < 0 ? value : Math.min(1, value + 2e-6));
  }
  for (const button of document.querySelectorAll("[data-do]")) button.addEventListener("click", () => byName.get(button.dataset.do)());
  $("keys").append(...[...ACTIONS, ["", ["Enter …"], penKeys]].flatMap(([, keys, text]) => {
    const term = document.createElement("dt");
    keys.forEach((key) => term.append(Object.assign(document.createElement("kbd"), { textContent: SHOWN_KEYS[key] ?? key }), " "));
    return [term, Object.assign(document.createElement("dd"), { textContent: text })];
  }));
  addEventListener("keydown", (event) => {
    const at = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (at.matches("input:not([type=checkbox]):not([type=range]), textarea, select")) {
      if (event.key === "Escape") { at.blur(); $("reading").focus(); }
      return;
    }
    if (event.key === "Escape" && document.body.classList.contains("list-open")) { $("films-close").click(); return; }
    if (pen.key(event)) { event.preventDefault(); return; }
    if ((event.key === " " || event.key === "Enter") && at.matches("button, summary, input, a")) return; // theirs
    if (event.key.startsWith("Arrow") && (at.matches("input[type=range]") || event.shiftKey)) {
      const move = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[event.key];
      if (event.shiftKey && move) { event.preventDefault(); both((one) => one.pan(...move)); }
      return;
    }
    const work = byKey.get(event.key.length === 1 ? event.key.toLowerCase() : event.key);
    if (!work) return;
    event.preventDefault();
    work();
  });
  viewer.osd.addHandler("canvas-click", (event) => {
    if (!event.quick || !shown) return;
    const mark = marksLayer.at(event.position.x, event.position.y);
    chosen = mark?.key ?? null;
    refresh();
    if (mark) document.querySelector(`[data-mark="${mark.key}"]`)?.scrollIntoView({ block: "nearest" });
  });
  $("slider").addEventListener("input", () => setThreshold(Math.min(1, deskThreshold(Number($("slider").value)))));
  $("filter").addEventListener("change", showList);
  $("films-button").addEventListener("click", () => toggleList());
  $("films-close").addEventListener("click", () => { toggleList(false); $("films-button").focus(); });
  $("help-button").addEventListener("click", () => $("help").showModal());
  $("who").addEventListener("click", () => { who = ""; askWho(() => {}); });
  $("pen-done").addEventListener("click", () => pen.finish());
  $("pen-stop").addEventListener("click", () => pen.stop("Nothing was drawn."));

  // ---- films that come in

  async function take(files) {
    let kept = 0;
    const problems = [];
    for (const file of files) {
      say(`Taking in ${kept + 1} of ${files.length} …`);
      try { await server.drop(file); kept += 1; } catch (error) { problems.push(error.message); }
    }
    await poll();
    say([`${kept} ${kept === 1 ? "film" : "films"} taken in.`, ...problems].join(" "));
  }
  $("choose").addEventListener("change", () => { take([...$("choose").files]); $("choose").value = ""; });
  let depth = 0;
  addEventListener("dragenter", (event) => { event.preventDefault(); depth += 1; $("dropping").hidden = false; });
  addEventListener("dragleave", () => { depth -= 1; if (depth <= 0) $("dropping").hidden = true; });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    $("dropping").hidden = true;
    take([...(event.dataTransfer?.files ?? [])]);
  });

  // ---- news from the desk

  let polling = null;
  function poll() { // a desk that goes away in the middle is said the next time
    polling ??= ask().catch(() => {}).finally(() => { polling = null; });
    return polling;
  }
  async function ask() {
    let news;
    try { news = await server.ask(`/api/desk?after=${desk.last}`.replace("after=-1", "after=")); } catch (error) {
      $("trouble").hidden = false;
      $("trouble").textContent = error.refused ? error.message : "The desk does not answer. Look whether lennox desk is still running; nothing you do now is kept.";
      return;
    }
    if (!server.waiting.length) server.trouble("");
    const started = desk.last < 0, changed = news.model.status !== desk.model.status;
    const touched = film && news.films.find((row) => row.key === film.key && row.last > film.last);
    for (const row of news.films) desk.films.set(row.key, row);
    const isNew = news.keys.some((key) => !desk.films.has(key));
    Object.assign(desk, news, { films: desk.films, settings: { ...desk.settings, ...news.settings } });
    if (!started && (changed || isNew)) { desk.last = -1; return ask(); }
    if (started || changed) showModel();
    showProgress(news);
    showList();
    if (touched) await reload();
    if (!film && desk.keys.length) await open(desk.keys.includes(location.hash.slice(1)) ? location.hash.slice(1) : listed()[0]?.key ?? desk.keys[0]);
    else if (film && changed) await reload();
  }
  function showModel() {
    const { model } = desk;
    $("folder").textContent = desk.folder;
    document.title = `${desk.folder}: reading desk`;
    $("notice").textContent = model.notice ?? "";
    const stamp = model.unreleased ? `UNRELEASED MODEL. ${model.release[0].toUpperCase()}${model.release.slice(1)}. No release that counts here vouches for it: it must not decide about a patient.`
      : model.status === "refused" ? `No suggestions: the model was refused. ${model.reasons.join(" ")}` : "";
    $("stamp").hidden = !stamp;
    $("stamp").textContent = stamp;
    if (!$("language").length) $("language").append(...desk.languages.map((code) => new Option(new Intl.DisplayNames(["en"], { type: "language" }).of(code), code)));
    panel.setModel(model);
    if (!desk.sticky) threshold = defaultThreshold();
  }
  function showProgress(news) {
    const total = desk.keys.length, { waiting, reading } = news;
    const links = news.outside ? ` ${news.outside} left out: links out of the folder.` : "";
    $("progress").textContent = (desk.model.status === "loading" ? "The model is being loaded …"
      : waiting && desk.model.status === "ready" ? `lennox has read ${total - waiting} of ${total} films${reading ? `; now ${reading}` : ""}`
      : `${total} ${total === 1 ? "film" : "films"}`) + links + (news.trouble ? ` Readings are not kept: ${news.trouble}` : "");
  }
  (async () => {
    await poll();
    for (;;) {
      await new Promise((done) => setTimeout(done, desk.waiting ? 1000 : 2500));
      await poll();
    }
  })();
})();
