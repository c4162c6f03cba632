// The right-hand side: the slider with what it costs, and one card for each mark, to accept, reject or redraw.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const make = (name, properties = {}, ...inside) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...inside);
    return element;
  };
  const LOWEST = 0.01;
  const toThreshold = (value) => LOWEST ** (1 - value / 100);
  const toValue = (threshold) => 100 * (1 - Math.log(threshold) / Math.log(LOWEST));
  const WORDS = {
    accept: "accepted", reject: "rejected", edit: "redrawn", missed: "added by hand", removed: "taken back",
    "": "suggested, not decided",
  };
  const figure = (one, times = 1, digits = 2) => {
    if (!one) return "not measured";
    const write = (number) => (number * times).toFixed(digits);
    return write(one.value) + (one.interval ? ` (${one.interval.map(write).join(" to ")})` : "");
  };
  const clock = (time) => new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

  // act : { decide(key, change), choose(key), redraw(key) }, what a card's buttons do
  class Panel {
    constructor(act) {
      this.act = act;
      this.points = [];
      this.chosen = null;
    }
    setModel(model) {
      this.points = [...(model.points ?? [])].sort((a, b) => a.threshold - b.threshold);
      $("ticks").replaceChildren(...this.points.map((point, index) => {
        const button = make("button", { type: "button", textContent: `${index + 1} ${point.name}` });
        button.style.left = `${toValue(point.threshold)}%`;
        button.addEventListener("click", () => this.act.threshold(point.threshold));
        return button;
      }));
      const sets = [...new Set(this.points.flatMap((point) => point.measured.map((one) => one.set)))];
      $("costs").replaceChildren(...sets.map((set) => this.costs(set)));
    }
    costs(set) {
      const first = this.points.flatMap((point) => point.measured).find((one) => one.set === set);
      const rows = this.points.map((point) => {
        const one = point.measured.find((measured) => measured.set === set);
        return make("tr", {}, make("th", { scope: "row", textContent: `${point.name} (${point.threshold.toFixed(2)})` }),
          make("td", { textContent: figure(one?.false) }), make("td", { textContent: figure(one?.found, 100, 0) }));
      });
      const head = make("tr", {}, make("th", { scope: "col", textContent: "Point" }),
        make("th", { scope: "col", textContent: "False marks a film" }),
        make("th", { scope: "col", textContent: "Lesions found, of 100" }));
      return make("table", {}, make("caption", { textContent:
        `On ${set}: ${first.films} films, ${first.lesions} lesions; 95 % intervals` }), make("thead", {}, head), make("tbody", {}, ...rows));
    }
    showThreshold(threshold) {
      $("slider").value = toValue(threshold);
      $("value").textContent = threshold.toFixed(2);
      $("slider").setAttribute("aria-valuetext", threshold.toFixed(2));
      $("cost").textContent = this.cost(threshold);
    }
    cost(threshold) {
      const says = (point) => {
        const one = point.measured[0];
        return one ? `${point.name} (${point.threshold.toFixed(2)}): ${figure(one.false)} false marks a film, `
          + `${figure(one.found, 100, 0)} of 100 lesions found, on ${one.set}` : `${point.name}: not measured`;
      };
      const at = this.points.find((point) => Math.abs(point.threshold - threshold) < 0.003);
      if (at) return `At ${says(at)}.`;
      const below = this.points.filter((point) => point.threshold < threshold).at(-1);
      const above = this.points.find((point) => point.threshold > threshold);
      return `Nothing was measured at this threshold. ${[below, above].filter(Boolean).map((point) => `At ${says(point)}`).join("; ")}.`;
    }

    // marks : [{ key, number, probability or null, verdict, decision or null }]; nothing : why there is none
    show(marks, chosen, desk, nothing) {
      const focused = document.activeElement, card = focused?.closest("#marks li");
      const inCard = card && [card.dataset.mark, focused.dataset.field, focused.selectionStart];
      const typing = card && focused.dataset.was !== undefined && focused.value !== focused.dataset.was ? card : null;
      this.chosen = chosen;
      const cards = marks.map((mark) => (typing?.dataset.mark === mark.key ? typing : this.card(mark, desk)));
      if (!typing || !cards.includes(typing)) $("marks").replaceChildren(...cards);
      else { // what is being typed stays where it is, with its cursor
        const at = cards.indexOf(typing);
        [...$("marks").children].forEach((one) => { if (one !== typing) one.remove(); });
        typing.before(...cards.slice(0, at));
        typing.after(...cards.slice(at + 1));
      }
      $("nothing").hidden = !nothing;
      $("nothing").textContent = nothing;
      const again = inCard && !typing && $("marks").querySelector(`[data-mark="${inCard[0]}"] [data-field="${inCard[1]}"]`);
      again?.focus({ preventScroll: true });
      if (again?.matches("input, textarea") && inCard[2] !== null) again.setSelectionRange(inCard[2], inCard[2]);
    }
    card(mark, desk) {
      const isChosen = mark.key === this.chosen, decision = mark.decision, by = mark.probability === null;
      const said = decision ? `${WORDS[mark.verdict]} by ${decision.who}, ${clock(decision.time)}` : WORDS[""];
      const head = make("button", { type: "button", className: "head" },
        make("b", { textContent: mark.number }), ` ${by ? "" : `${mark.label}? ${mark.probability.toFixed(2)} · `}`,
        make("span", { className: `verdict ${mark.verdict || "open"}`, textContent: said }));
      head.dataset.field = "head";
      head.setAttribute("aria-expanded", String(isChosen));
      head.addEventListener("click", () => this.act.choose(isChosen ? null : mark.key));
      const card = make("li", {}, head);
      card.dataset.mark = mark.key;
      card.classList.toggle("chosen", isChosen);
      const verdicts = by ? [["removed", "Take back"], ["redraw", "Redraw"]] : [["accept", "Accept"], ["reject", "Reject"], ["redraw", "Redraw"]];
      const buttons = make("p", { className: "verdicts" }, ...verdicts.map(([verdict, text]) => {
        const button = make("button", { type: "button", textContent: text });
        button.dataset.field = verdict;
        button.setAttribute("aria-label", `${text} ${mark.number}`);
        if (verdict === "accept" || verdict === "reject") button.setAttribute("aria-pressed", String(mark.verdict === verdict));
        button.addEventListener("click", () => (verdict === "redraw" ? this.act.redraw(mark.key) : this.act.decide(mark.key, { verdict })));
        return button;
      }));
      card.append(buttons);
      for (const other of decision?.others ?? []) {
        card.append(make("p", { className: decision.disputed ? "disputed" : "quiet", textContent:
          `In another window: ${WORDS[other.verdict]} by ${other.who}, ${clock(other.time)}${decision.disputed ? ". They differ: decide again to settle it." : "."}` }));
      }
      const detail = [decision?.tooth && `tooth ${decision.tooth}`, decision?.surface, decision?.depth, decision?.note].filter(Boolean).join(" · ");
      if (isChosen && decision && mark.verdict !== "reject") card.append(this.form(mark, desk));
      else if (detail) card.append(make("p", { className: "quiet", textContent: detail }));
      return card;
    }
    form(mark, desk) {
      const { decision } = mark, form = make("div", { className: "detail" });
      const field = (name, label, control) => {
        control.id = `${name}-of-${mark.key}`;
        control.dataset.field = name;
        control.value = decision[name] ?? "";
        control.dataset.was = control.value;
        const keep = () => {
          clearTimeout(this.pause);
          if (control.value === control.dataset.was) return;
          control.dataset.was = control.value;
          this.act.decide(mark.key, { [name]: control.value });
        };
        control.addEventListener("change", keep);
        if (name === "note") control.addEventListener("input", () => { clearTimeout(this.pause); this.pause = setTimeout(keep, 1200); });
        form.append(make("p", {}, make("label", { htmlFor: control.id, textContent: label }), control));
      };
      const select = (options) => make("select", {}, new Option("not said", ""), ...options.map(([value, text]) => new Option(text, value)));
      const notation = desk.settings.notation ?? "FDI";
      field("tooth", `Tooth (${notation})`, make("input", { size: 6, autocomplete: "off", placeholder: desk.notations[notation] }));
      field("surface", "Surface", select(desk.surfaces.map((one) => [one, one])));
      field("depth", "Depth, ICCMS", select(Object.entries(desk.depths).map(([code, text]) => [code, `${code}: ${text}`])));
      field("note", "Note", make("textarea", { rows: 2, maxLength: 2000 }));
      return form;
    }
  }
  globalThis.DeskPanel = Panel;
  globalThis.deskThreshold = toThreshold;
})();
