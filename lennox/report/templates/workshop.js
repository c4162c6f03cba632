(() => {
  "use strict";
  const data = document.getElementById("data").dataset;
  const plan = JSON.parse(data.plan), evidence = JSON.parse(data.evidence);
  const id = (name) => document.getElementById(name);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const WISHES = [...document.querySelectorAll(".wish")];

  // The chance of k or more of n right answers, each right with a chance of p.
  function atLeast(k, n, p) {
    let log = 0, sum = 0;
    for (let i = 0; i <= n; i += 1) {
      if (i > 0) log += Math.log((n - i + 1) / i);
      if (i >= k) sum += Math.exp(log + i * Math.log(p) + (n - i) * Math.log1p(-p));
    }
    return Math.min(1, sum);
  }

  const memo = new Map();
  function chance(limit, at, truth) {
    const key = `${limit} ${at} ${truth}`;
    if (!memo.has(key)) {
      memo.set(key, atLeast(plan.least[plan.limits.indexOf(limit)][at], plan.sizes[at], truth / 100));
    }
    return memo.get(key);
  }

  function features() {
    return [...document.querySelectorAll(".offer")].filter((one) => one.querySelector(".wanted").checked).map((one) => ({
      name: one.dataset.name, source: one.dataset.source, label: one.querySelector(".label").value,
      groups: [...new Set(one.querySelector(".groups").value.split(",").map((group) => group.trim()).filter(Boolean))],
    }));
  }

  function showLimit(wish, kind, limit, right, groups) {
    const truth = Number(id("truth").value), at = Number(id("people").value);
    wish.querySelector(`.${kind}-value`).textContent = limit;
    const unseen = kind === "floor" ? fill(data.unseen, { n: 100 - limit }) : fill(data.marked, { n: limit });
    wish.querySelector(`.${kind}-unseen`).textContent = unseen;
    const found = plan.sizes.findIndex((_, size) => chance(right, size, truth) ** groups >= 0.8);
    const needed = wish.querySelector(`.${kind}-needed`);
    needed.textContent = found < 0 ? fill(data.never, { truth }) : fill(data.needed, { n: plan.sizes[found], truth });
    needed.dataset.people = found < 0 ? "" : plan.sizes[found];
    const bad = right - 5, slips = chance(right, at, bad);
    wish.querySelector(`.${kind}-slips`).textContent =
      fill(data.slips, { people: plan.sizes[at], bad, n: Math.round(1000 * slips) });
  }

  function limits() {
    const agreed = document.querySelector('.wish[data-who="agreed"]');
    const value = (kind) => Number(agreed.querySelector(`.${kind}`).value);
    return { floor: value("floor"), ceiling: value("ceiling"), gap: value("gap") };
  }

  function adopted() {
    const count = (name) => Math.max(0, Math.floor(Number(id(name).value) || 0));
    const [quorum, yes, no, none] = ["quorum", "yes", "no", "none"].map(count);
    const named = id("body").value.trim() && id("title").value.trim();
    return { quorum, yes, no, none, is: Boolean(named) && yes > no && yes + no + none >= quorum };
  }

  const story = () => {
    const told = { teller: id("teller").value.trim(), words: id("words").value.trim(), consent: id("consent").value.trim() };
    return id("agrees").checked && told.teller && told.words && told.consent ? told : null;
  };

  // JSON's texts are TOML's, but for the one control character that JSON does not escape.
  const quoted = (text) => JSON.stringify(text).replace(/\u007f/g, "");
  const list = (texts) => `[${texts.map(quoted).join(", ")}]`;
  const day = (years) => {
    const date = new Date();
    date.setFullYear(date.getFullYear() + years);
    return date.toISOString().slice(0, 10);
  };

  function requirement(name, metric, criterion, direction, limit, plain, over) {
    return ["[[requirement]]", `id = ${quoted(name)}`, `metric = ${quoted(metric)}`, `criterion = ${quoted(criterion)}`,
      `direction = ${quoted(direction)}`, `limit = ${(limit / 100).toFixed(2)}`, `over = ${list(over)}`,
      `plain = ${quoted(plain)}`];
  }

  function toml() {
    const vote = adopted(), said = limits(), told = story(), chosen = features().filter((one) => one.groups.length > 1);
    const over = chosen.map((one) => one.name);
    const lines = ['format = "lennox-equity-policy/1"', 'id = "our-community"', 'version = "1.0.0"',
      `title = ${quoted(id("title").value.trim())}`, `language = ${quoted(data.language)}`, "",
      "[ratification]", `body = ${quoted(id("body").value.trim())}`];
    if (vote.is) lines.push(`date = ${day(0)}`);
    lines.push('method = "vote"', `quorum = ${vote.quorum}`, `in_favour = ${vote.yes}`, `against = ${vote.no}`,
      `abstained = ${vote.none}`, `next_review = ${day(1)}`, "",
      "[scope]", 'task = "caries-detection"', 'unit = "tooth"', 'cluster = "patient_id"', "",
      "[evidence]", `confidence = ${evidence.confidence}`, 'interval = "cluster"', `min_patients = ${evidence.min_patients}`,
      `min_cases = ${evidence.min_units}`, `min_controls = ${evidence.min_units}`, "",
      "[unknown]", `name = ${quoted(data.unknown)}`, "gate = true", "max_share = 0.30", "");
    for (const one of chosen) {
      lines.push("[[feature]]", `name = ${quoted(one.name)}`, `name_in = { ${data.language} = ${quoted(one.label)} }`,
        `source = ${quoted(one.source)}`, `groups = ${list(one.groups)}`, "");
    }
    lines.push(...requirement("find-decay", "tpr", "worst-group", "at-least", said.floor, fill(data.find, { n: said.floor }), over));
    if (told) {
      lines.push("[requirement.story]", `teller = ${quoted(told.teller)}`, `consent = ${quoted(told.consent)}`,
        `words = ${quoted(told.words)}`, `recorded = ${day(0)}`);
    }
    lines.push("", ...requirement("few-false-marks", "fpr", "worst-group", "at-most", said.ceiling, fill(data.alarm, { n: said.ceiling }), over), "",
      ...requirement("no-group-left-behind", "tpr", "between-groups", "at-most", said.gap, fill(data.apart, { n: said.gap }), over), "",
      "[on_fail]", 'release = "refuse"', 'report = "publish"', "[on_insufficient]", 'release = "refuse"', "collect = true", "");
    return lines.join("\n");
  }

  function paragraph(text, tag = "p") {
    const made = document.createElement(tag);
    made.textContent = text;
    return made;
  }

  function sheet() {
    const said = limits(), told = story(), vote = adopted();
    const parts = [paragraph(id("title").value.trim(), "h3"), paragraph(fill(data.find, { n: said.floor })),
      paragraph(fill(data.alarm, { n: said.ceiling })), paragraph(fill(data.apart, { n: said.gap }))];
    for (const one of features()) parts.push(paragraph(`${one.label}: ${one.groups.join(", ")}`));
    parts.push(told ? paragraph(`“${told.words}” (${told.teller})`, "blockquote") : paragraph(data.reasonless));
    parts.push(paragraph(`${id("body").value.trim()} · ${vote.is ? fill(data.adopted, vote) : data.draft}`));
    id("sheet").replaceChildren(...parts);
  }

  function show() {
    const chosen = features(), groups = chosen.reduce((sum, one) => sum + (one.groups.length > 1 ? one.groups.length : 0), 0);
    id("group-count").textContent = groups ? fill(data.groups, { n: groups }) : data.nogroups;
    id("truth-value").textContent = id("truth").value;
    id("people-value").textContent = plan.sizes[Number(id("people").value)];
    for (const wish of WISHES) {
      const floor = Number(wish.querySelector(".floor").value), ceiling = Number(wish.querySelector(".ceiling").value);
      const gap = Number(wish.querySelector(".gap").value);
      showLimit(wish, "floor", floor, floor, Math.max(groups, 1));
      showLimit(wish, "ceiling", ceiling, 100 - ceiling, Math.max(groups, 1));
      wish.querySelector(".gap-value").textContent = gap;
      wish.querySelector(".gap-words").textContent = fill(data.gap, { a: 90, b: 90 - gap });
    }
    const vote = adopted();
    id("outcome").textContent = vote.is ? fill(data.adopted, vote) : data.draft;
    id("toml").textContent = toml();
    sheet();
  }

  id("save").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([toml()], { type: "application/toml" }));
    link.download = "policy.toml";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  id("print").addEventListener("click", () => window.print());
  document.addEventListener("input", show);
  show();
})();
