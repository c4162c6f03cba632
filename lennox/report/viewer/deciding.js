// What a reader decides: who it is, accept, reject, redraw, add, undo, and that a film was read.
(() => {
  "use strict";
  const { $, t, say } = globalThis.lennox;

  class Deciding {
    constructor(reading) {
      this.reading = reading;
      this.who = sessionStorage.getItem("lennox who") ?? "";
      this.queue = Promise.resolve(); // one after another: each says everything that is known of its mark
      this.warned = "";
      this.showWho();
      $("who").addEventListener("click", () => { this.who = ""; this.askWho(() => {}); });
      $("pen-done").addEventListener("click", () => reading.pen.finish());
      $("pen-stop").addEventListener("click", () => reading.pen.stop(t("Nothing was drawn.")));
    }
    circumstances() { const { shown, threshold } = this.reading; return shown ? { marks: true, threshold } : { marks: false }; }
    note() { // what was on the screen when
      clearTimeout(this.timer);
      const { reading } = this, key = reading.film?.key;
      this.timer = setTimeout(() => {
        if (key && reading.film?.key === key && reading.film.status === "assessed") {
          reading.source.send({ kind: "shown", film: key, shown: this.circumstances() }).catch(() => {});
        }
      }, 600);
    }
    showWho() { $("who").textContent = this.who ? t("Initials: {who}", { who: this.who }) : t("Initials: none"); }
    askWho(then) {
      if (this.who) { then(); return; }
      const { settings, notations } = this.reading.news;
      $("initials").value = settings.who ?? "";
      $("notation").replaceChildren(...Object.entries(notations).map(([name, example]) => new Option(`${name}, ${t("such as {example}", { example })}`, name)));
      $("notation").value = settings.notation ?? "FDI";
      const dialog = $("who-dialog");
      dialog.returnValue = "";
      dialog.onclose = async () => {
        const text = $("initials").value.trim();
        if (dialog.returnValue !== "ok" || !text) { this.who = sessionStorage.getItem("lennox who") ?? ""; return; }
        this.who = text;
        sessionStorage.setItem("lennox who", text); // for this window, until it is closed
        this.showWho();
        const notation = $("notation").value;
        await this.keep({ kind: "setting", name: "who", value: text });
        if (notation !== (settings.notation ?? "")) await this.keep({ kind: "setting", name: "notation", value: notation });
        Object.assign(this.reading.news.settings, { who: text, notation });
        then();
      };
      dialog.showModal();
      $("initials").select();
    }
    async keep(event) {
      const { reading } = this;
      try {
        const answer = await reading.source.send({ ...event, who: this.who });
        if (answer.film && answer.film.key === reading.film?.key) { reading.film = answer.film; reading.refresh(); }
        reading.source.changed();
        return answer;
      } catch (error) {
        say(error.message);
        reading.refresh();
        return null;
      }
    }
    decide(key, change) {
      const target = this.reading.film, when = this.circumstances();
      this.askWho(() => { this.queue = this.queue.then(() => this.decideNow(target, key, change, when)); });
    }
    async decideNow(target, key, change, when) {
      const { reading } = this, known = reading.film.key === target.key ? reading.film : target;
      const before = key && known.decisions[key];
      const verdict = change.verdict ?? before?.verdict ?? "accept";
      const isHand = !key || key.startsWith("h");
      const kept = before && before.verdict !== "removed" ? before : {};
      const event = {
        kind: "mark", film: known.key, mark: key, verdict: isHand && verdict !== "removed" ? "missed" : verdict, seen: known.last,
        outline: change.outline ?? (verdict === "edit" || isHand ? kept.outline : undefined),
        tooth: change.tooth ?? kept.tooth, notation: reading.news.settings.notation ?? "FDI",
        surface: change.surface ?? kept.surface, depth: change.depth ?? kept.depth, note: change.note ?? kept.note, shown: when,
      };
      const answer = await this.keep(event);
      if (!answer) return;
      const said = { accept: t("Accepted"), reject: t("Rejected"), edit: t("Redrawn"), missed: t("Kept"), removed: t("Taken back") }[event.verdict];
      const mark = reading.currentMarks().find((one) => one.key === key);
      say(`${said}${mark ? `: ${t("Mark")} ${mark.number}` : ""}. ${reading.source.saved()}`);
      if (!key && reading.film.key === known.key) { reading.chosen = `h${answer.number}`; reading.refresh(); }
    }
    draw(tool, done) {
      const { film, viewer, pen, byEye } = this.reading;
      if (!film?.record || film.status === "waiting") { say(t("The film must be read first.")); return; }
      if (!viewer.item) { say(t("There is no picture to draw on.")); return; }
      this.askWho(() => {
        if (innerWidth <= 760) $("one").scrollIntoView({ block: "start" });
        pen.start(tool, (corners) => { $("pen-tools").hidden = true; done(corners); });
      });
    }
    add(tool) { this.draw(tool, (outline) => this.decide(null, { verdict: "missed", outline })); }
    redraw(key) { this.draw("polygon", (outline) => this.decide(key, { verdict: key.startsWith("h") ? "missed" : "edit", outline })); }
    onChosen(verdict) {
      const { chosen } = this.reading;
      if (!chosen) { this.reading.chooseBy(1); return; }
      if (verdict === "redraw") { this.redraw(chosen); return; }
      if (!chosen.startsWith("h")) { this.decide(chosen, { verdict }); return; }
      if (verdict === "reject") { this.reading.chosen = null; this.decide(chosen, { verdict: "removed" }); }
      else say(t("A mark drawn by hand is redrawn (E) or taken back (X)."));
    }
    read() {
      const { reading } = this, { film } = reading;
      if (!film) return;
      if (!film.record) { say(t("lennox has not read this film yet.")); return; }
      const left = reading.shown ? reading.currentMarks().filter((mark) => !mark.verdict).length : 0;
      if (left && this.warned !== film.key) {
        this.warned = film.key;
        say(left === 1 ? t("One suggestion is not decided. Decide, or press again to leave it open.")
          : t("{n} suggestions are not decided. Decide, or press again to leave them open.", { n: left }));
        return;
      }
      this.askWho(async () => {
        const answer = await this.keep({ kind: "film", film: film.key, is_read: true, shown: this.circumstances() });
        if (answer) { say(`${t("Film read.")} ${reading.source.saved()}`); if (reading.list.beside(1)) reading.list.step(1); }
      });
    }
    undo() {
      this.askWho(async () => {
        const answer = await this.keep({ kind: "undo", film: this.reading.film.key });
        if (answer) say(answer.undone ? t("Taken back.") : t("There is nothing of this window to take back on this film."));
      });
    }
  }
  globalThis.Deciding = Deciding;
})();
