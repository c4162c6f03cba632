// What the page asks of the desk and tells it. Decisions go out one after another; one that did not arrive is sent again.
(() => {
  "use strict";
  const { t } = globalThis.lennox;
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  class Server {
    // trouble : called with a sentence while something is not kept, with "" when all is well again
    constructor(trouble) {
      this.trouble = trouble;
      this.waiting = [];
      this.sending = null;
      addEventListener("beforeunload", (event) => { if (this.waiting.length) event.preventDefault(); });
    }
    // Its own name, which it keeps when it is loaded again, so that undo goes on; not that of a tab it was copied from.
    async name() {
      const kept = sessionStorage.getItem("lennox window");
      const isFree = (name) => new Promise((done) => {
        navigator.locks.request(`window ${name}`, { ifAvailable: true }, (lock) => { done(Boolean(lock)); return lock && new Promise(() => {}); });
      });
      this.window = kept && await isFree(kept) ? kept : crypto.randomUUID();
      if (this.window !== kept) await isFree(this.window);
      sessionStorage.setItem("lennox window", this.window);
    }
    news(after) { return this.ask(`/api/desk?after=${after < 0 ? "" : after}`); }
    film(key) { return this.ask(`/api/films/${key}`); }
    picture(row) { return `/api/films/${row.key}/picture?${row.stamp}`; }
    thumbnail(row) { return `/api/films/${row.key}/thumbnail?${row.stamp}`; }
    windowed(row, source) { return source?.bits > 8 ? (low, high) => `${this.picture(row)}&low=${low}&high=${high}` : null; }
    anchor(key) { return key; }
    saved() { return t("Saved."); }
    changed() {} // the page asks for news, see desk.js

    async ask(path) {
      const answer = await fetch(path, { cache: "no-store" });
      if (!answer.ok) throw await problem(answer);
      return answer.json();
    }
    // Resolves with the desk's answer once the event is durable; rejects if the desk refuses it.
    send(event) {
      return new Promise((done, failed) => {
        this.waiting.push({ body: JSON.stringify({ ...event, window: this.window }), done, failed });
        this.sending ??= this.work().finally(() => { this.sending = null; });
      });
    }
    async work() {
      while (this.waiting.length) {
        const { body, done, failed } = this.waiting[0];
        try {
          const answer = await fetch("/api/events", { method: "POST", body });
          this.waiting.shift();
          this.trouble("");
          if (answer.ok) done(await answer.json()); else failed(await problem(answer));
        } catch {
          const count = this.waiting.length;
          this.trouble(t("{n} decisions are not saved: the desk does not answer. Leave this page open and look whether lennox desk is still running.", { n: count }));
          await pause(1500);
        }
      }
    }
    async drop(file) {
      const answer = await fetch(`/api/films?name=${encodeURIComponent(file.name)}`, { method: "PUT", body: file });
      if (!answer.ok) throw await problem(answer);
      return answer.json();
    }
  }
  async function problem(answer) {
    let text = "";
    try { text = (await answer.json()).error; } catch { text = t("The desk refused this; open it again by its link."); }
    const error = new Error(text);
    error.refused = true;
    return error;
  }
  globalThis.DeskServer = Server;
})();
