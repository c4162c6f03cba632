// The reading desk: news from the desk, films that come in, and the patient.
(() => {
  "use strict";
  const { $, t, say } = globalThis.lennox;
  const server = new DeskServer((text) => { $("trouble").hidden = !text; $("trouble").textContent = text; });
  const reading = new Reading(server), { news } = reading;
  const patient = new PatientForm(reading);
  listenToKeys(reading, [["page", ["g"], t("page for the patient"), () => patient.openPage()]]);
  server.changed = () => { poll(); };

  // ---- films that come in

  async function take(files) {
    let kept = 0;
    const problems = [];
    for (const file of files) {
      say(t("Taking in {n} of {of} …", { n: kept + 1, of: files.length }));
      try { await server.drop(file); kept += 1; } catch (error) { problems.push(error.message); }
    }
    await poll();
    say([t("{n} films taken in.", { n: kept }), ...problems].join(" "));
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
    let found;
    try { found = await server.news(news.last); } catch (error) {
      $("trouble").hidden = false;
      $("trouble").textContent = error.refused ? error.message : t("The desk does not answer. Look whether lennox desk is still running; nothing you do now is kept.");
      return;
    }
    if (!server.waiting.length) server.trouble("");
    const started = news.last < 0, changed = found.model.status !== news.model.status;
    const { film } = reading, touched = film && found.films.find((row) => row.key === film.key && row.last > film.last);
    for (const row of found.films) news.films.set(row.key, row);
    const isNew = found.keys.some((key) => !news.films.has(key));
    Object.assign(news, found, { films: news.films, settings: { ...news.settings, ...found.settings } });
    if (!started && (changed || isNew)) { news.last = -1; await ask(); return; }
    if (started || changed) showModel();
    showProgress();
    reading.list.show();
    if (touched) await reading.reload();
    const wanted = location.hash.slice(1);
    if (!reading.film && news.keys.length) await reading.open(news.keys.includes(wanted) ? wanted : reading.list.rows()[0]?.key ?? news.keys[0]);
    else if (reading.film && changed) await reading.reload();
  }
  function showModel() {
    const { model } = news;
    $("folder").textContent = news.folder;
    document.title = `${news.folder}: ${t("Reading desk")}`;
    $("notice").textContent = model.notice ?? "";
    const stamp = model.unreleased ? `${t("UNRELEASED MODEL.")} ${model.release[0].toUpperCase()}${model.release.slice(1)}. ${t("No release that counts here vouches for it. For research and demonstration; it must not decide about a patient.")}`
      : reading.byEye() ? `${t("No suggestions: the model was refused.")} ${model.reasons.join(" ")} ${t("Films can be read by eye; decisions are kept.")}` : "";
    $("stamp").hidden = !stamp;
    $("stamp").textContent = stamp;
    reading.panel.setModel(model);
    if (!reading.sticky) reading.threshold = reading.usualThreshold();
  }
  function showProgress() {
    const total = news.keys.length, { waiting } = news, read = total - waiting;
    const state = news.model.status === "loading" ? t("The model is being loaded …")
      : waiting && news.model.status === "ready" ? t("lennox has read {n} of {total} films", { n: read, total }) + (news.reading ? `; ${news.reading}` : "")
      : total === 1 ? t("1 film") : t("{n} films in all", { n: total });
    const outside = news.outside ? ` ${t("{n} left out: links out of the folder.", { n: news.outside })}` : "";
    $("progress").textContent = state + outside + (news.trouble ? ` ${t("Readings are not kept:")} ${news.trouble}` : "");
  }
  (async () => {
    await server.name();
    await poll();
    for (;;) {
      await new Promise((done) => setTimeout(done, news.waiting ? 1000 : 2500));
      await poll();
    }
  })();
})();
