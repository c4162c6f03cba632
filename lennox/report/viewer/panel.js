// The right-hand side: the slider with what it costs, and one card for each mark, to accept, reject or redraw.
(() => {
  "use strict";
  const { $, t, make } = globalThis.lennox;
  const LOWEST = 0.01;
  const toThreshold = (value) => LOWEST ** (1 - value / 100);
  const toValue = (threshold) => 100 * (1 - Math.log(threshold) / Math.log(LOWEST));
  const WORDS = {
    accept: t("accepted"), reject: t("rejected"), edit: t("redrawn"), missed: t("added by hand"), removed: t("taken back"),
    "": t("suggested, not decided"),
  };
  const figure = (one, times = 1, digits = 2) => {
    if (!one) return t("not measured");
    const write = (number) => (number * times).toFixed(digits);
    return write(one.value) + (one.interval ? ` (${one.interval.map(write).join("–")})` : "");
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
      const low = toValue(Math.max(model.lowest ?? LOWEST, LOWEST)); // less probable places are not in a saved page
      $("slider").min = low;
      const offered = this.points.filter((point) => toValue(point.threshold) >= low - 0.1);
      $("ticks").replaceChildren(...offered.map((point) => {
        const tick = make("i");
        tick.style.left = `${(100 * (toValue(point.threshold) - low)) / (100 - low)}%`;
        return tick;
      }));
      $("points").replaceChildren(...offered.map((point) => {
        const button = make("button", { type: "button", textContent: `${this.points.indexOf(point) + 1} ${t(point.name)}` });
        button.dataset.threshold = point.threshold;
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
        return make("tr", {}, make("th", { scope: "row", textContent: `${t(point.name)} (${point.threshold.toFixed(2)})` }),
          make("td", { textContent: figure(one?.false) }), make("td", { textContent: figure(one?.found, 100, 0) }));
      });
      const head = make("tr", {}, make("th", { scope: "col", textContent: t("Point") }),
        make("th", { scope: "col", textContent: t("False marks a film") }),
        make("th", { scope: "col", textContent: t("Lesions found, of 100") }));
      return make("table", {}, make("caption", { textContent:
        t("On {set}: {films} films, {lesions} lesions; 95 % intervals", { set, films: first.films, lesions: first.lesions }) }), make("thead", {}, head), make("tbody", {}, ...rows));
    }
    showThreshold(threshold) {
      $("slider").value = toValue(threshold);
      $("value").textContent = threshold.toFixed(2);
      $("slider").setAttribute("aria-valuetext", threshold.toFixed(2));
      $("cost").textContent = this.cost(threshold);
      for (const button of $("points").children) button.setAttribute("aria-pressed", String(Math.abs(button.dataset.threshold - threshold) < 1e-6));
    }
    cost(threshold) {
      const says = (point) => {
        const one = point.measured[0];
        const name = `${t(point.name)} (${point.threshold.toFixed(2)})`;
        return one ? t("At {name}: {false} false marks a film, {found} of 100 lesions found, on {set}.",
          { name, false: figure(one.false), found: figure(one.found, 100, 0), set: one.set }) : `${name}: ${t("not measured")}.`;
      };
      const at = this.points.find((point) => Math.abs(point.threshold - threshold) < 0.003);
      if (at) return says(at);
      const below = this.points.filter((point) => point.threshold < threshold).at(-1);
      const above = this.points.find((point) => point.threshold > threshold);
      return [t("Nothing was measured at this threshold."), ...[below, above].filter(Boolean).map(says)].join(" ");
    }

    verdict(name) { return WORDS[name]; }

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
      const said = decision ? `${WORDS[mark.verdict]}: ${decision.who}, ${clock(decision.time)}` : WORDS[""];
      const head = make("button", { type: "button", className: "head" },
        make("b", { textContent: mark.number }), ` ${by ? "" : `${t(mark.label)}? ${mark.probability.toFixed(2)} · `}`,
        make("span", { className: `verdict ${mark.verdict || "open"}`, textContent: said }));
      head.dataset.field = "head";
      head.setAttribute("aria-expanded", String(isChosen));
      head.addEventListener("click", () => this.act.choose(isChosen ? null : mark.key));
      const card = make("li", {}, head);
      card.dataset.mark = mark.key;
      card.classList.toggle("chosen", isChosen);
      const verdicts = by ? [["removed", t("Take back")], ["redraw", t("Redraw")]]
        : [["accept", t("Accept")], ["reject", t("Reject")], ["redraw", t("Redraw")]];
      const buttons = make("p", { className: "verdicts" }, ...verdicts.map(([verdict, text]) => {
        const button = make("button", { type: "button", textContent: text });
        button.dataset.field = verdict;
        button.setAttribute("aria-label", `${text} ${mark.number}`);
        if (verdict === "accept" || verdict === "reject") button.setAttribute("aria-pressed", String(mark.verdict === verdict));
        button.addEventListener("click", () => (verdict === "redraw" ? this.act.redraw(mark.key) : this.act.decide(mark.key, { verdict })));
        return button;
      }));
      card.append(buttons);
      if (mark.doubts?.length) card.append(make("p", { className: "quiet", textContent: mark.doubts.join(" ") }));
      for (const other of decision?.others ?? []) {
        card.append(make("p", { className: decision.disputed ? "disputed" : "quiet", textContent:
          `${t("In another window")}: ${WORDS[other.verdict]}, ${other.who}, ${clock(other.time)}. ${decision.disputed ? t("They differ: decide again to settle it.") : ""}` }));
      }
      const detail = [decision?.tooth && `${t("Tooth")} ${decision.tooth}`, decision?.surface && t(decision.surface), decision?.depth, decision?.note].filter(Boolean).join(" · ");
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
      const select = (options) => make("select", {}, new Option(t("not said"), ""), ...options.map(([value, text]) => new Option(text, value)));
      const notation = desk.settings.notation ?? "FDI";
      field("tooth", `${t("Tooth")} (${notation})`, make("input", { size: 6, autocomplete: "off", placeholder: desk.notations[notation] }));
      field("surface", t("Surface"), select(desk.surfaces.map((one) => [one, t(one)])));
      field("depth", t("Depth, ICCMS"), select(Object.entries(desk.depths).map(([code, text]) => [code, `${code}: ${t(text)}`])));
      field("note", t("Note"), make("textarea", { rows: 2, maxLength: 2000 }));
      return form;
    }
  }
  globalThis.DeskPanel = Panel;
  globalThis.deskThreshold = toThreshold;
})();
