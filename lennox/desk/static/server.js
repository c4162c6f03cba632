// What the page asks of the desk and tells it. Decisions go out one after another; one that did not arrive is sent again.
(() => {
  "use strict";
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  class Server {
    // trouble : called with a sentence while something is not kept, with "" when all is well again
    constructor(trouble) {
      this.trouble = trouble;
      this.window = crypto.randomUUID();
      this.waiting = [];
      this.sending = null;
      addEventListener("beforeunload", (event) => { if (this.waiting.length) event.preventDefault(); });
    }
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
          this.trouble(`${count} ${count === 1 ? "decision is" : "decisions are"} not saved: the desk does not answer. `
            + "Leave this page open and look whether lennox desk is still running.");
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
    try { text = (await answer.json()).error; } catch { text = "The desk refused this; open it again by its link."; }
    const error = new Error(text);
    error.refused = true;
    return error;
  }
  globalThis.DeskServer = Server;
})();
