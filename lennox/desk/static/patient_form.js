// Whose film it is, the features that a patient agreed to, and the page for the patient.
(() => {
  "use strict";
  const { $, t, make, say } = globalThis.lennox;

  class PatientForm {
    constructor(reading) {
      this.reading = reading;
      reading.onRefresh(() => this.show());
      $("patient-form").addEventListener("submit", (event) => { event.preventDefault(); document.activeElement?.blur(); this.keep(); });
    }
    show() {
      const { film, news } = this.reading;
      if (!$("language").length) {
        const names = new Intl.DisplayNames([document.documentElement.lang], { type: "language" });
        $("language").append(...news.languages.map((code) => new Option(names.of(code), code)));
        $("language").value = document.documentElement.lang;
      }
      if ($("about-patient").contains(document.activeElement)) return;
      $("patient-name").textContent = film.patient;
      $("patient").value = film.patientTyped ? film.patient : "";
      $("patient-hint").textContent = film.patientTyped ? "" : t("Until you say otherwise: {name}, as the file lies in the folder.", { name: film.patient });
      const names = Object.keys(news.features ?? {});
      const consent = make("p", {}, make("input", { type: "checkbox", id: "consent", checked: film.consent }), make("label", { htmlFor: "consent", textContent:
        t("The patient agreed that this is noted for checking whether lennox serves everybody alike. It stays in this folder's file.") }));
      $("features").replaceChildren(...(names.length ? [consent, ...names.map((name) => this.feature(name))] : []));
    }
    feature(name) {
      const { film, news } = this.reading;
      const select = make("select", { id: `feature-${name}`, name }, new Option(t("did not say"), ""), ...news.features[name].map((group) => new Option(group, group)));
      select.value = film.features[name] ?? "";
      return make("p", {}, make("label", { htmlFor: select.id, textContent: name.replaceAll("_", " ") }), select);
    }
    keep() {
      const { reading } = this, { film, deciding } = reading;
      const name = $("patient").value.trim(), consent = $("consent")?.checked ?? false;
      const features = Object.fromEntries([...$("features").querySelectorAll("select")].map((one) => [one.name, one.value]));
      deciding.askWho(async () => {
        if (name !== (film.patientTyped ? film.patient : "") && !(await deciding.keep({ kind: "film", film: film.key, patient: name }))) return;
        if ($("consent") && !(await deciding.keep({ kind: "patient", patient: name || film.patient, consent, features: consent ? features : {} }))) return;
        await reading.reload();
        say(t("Saved."));
      });
    }
    openPage() {
      const { film } = this.reading;
      if (film) window.open(`/api/films/${film.key}/patient?language=${$("language").value}`, "_blank", "noopener");
    }
  }
  globalThis.PatientForm = PatientForm;
})();
