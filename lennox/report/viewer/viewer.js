// One film on the screen: zoom, pan, turn, window, magnifier, scale, and a layer in pixels of the film to draw on.
// OpenSeadragon moves the picture; everything said to this class is in rows and columns of the film.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const BARS_MM = [50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1];
  const LENS = 200, LENS_ZOOM = 3;
  let made = 0;
  // OpenSeadragon would add a style of its own here, which a strict content policy forbids; it looks for this first.
  const noStyle = document.createElementNS("urn:none", "style");
  noStyle.setAttribute("data-openseadragon-mobile-css", "");
  document.head.append(noStyle);

  const levels = (low, high) => {
    const [from, to] = [Math.max(0, low), Math.min(1, high)];
    return to - from > 0.6 || to <= from ? [0, 1] : [Number(from.toFixed(4)), Number(to.toFixed(4))];
  };
  const svg = (name, attributes = {}, parent = null) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent?.append(element);
    return element;
  };

  class FilmViewer {
    constructor(element) {
      this.element = element;
      this.film = null;
      this.base = [0, 1]; // what the picture shows black and white
      this.low = 0; this.high = 1; this.inverted = false; this.windowing = false;
      this.listeners = [];
      this.osd = OpenSeadragon({
        element, drawer: "canvas", showNavigationControl: false, keyboardNavEnabled: false, animationTime: 0.25,
        minZoomImageRatio: 0.5, maxZoomPixelRatio: 16, visibilityRatio: 0.3, zoomPerScroll: 1.25,
        gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: false, flickEnabled: false },
        gestureSettingsTouch: { pinchRotate: false, flickEnabled: false, dblClickToZoom: false },
      });
      this.osd.canvas.removeAttribute("tabindex"); // keys are the page's
      const id = `window-of-film-${++made}`;
      const filters = svg("svg", { width: 0, height: 0, "aria-hidden": "true", class: "filters" }, element);
      const filter = svg("filter", { id, "color-interpolation-filters": "sRGB", x: 0, y: 0, width: 1, height: 1 }, filters);
      const transfer = svg("feComponentTransfer", {}, filter);
      this.functions = ["R", "G", "B"].map((channel) => svg(`feFunc${channel}`, { type: "linear" }, transfer));
      this.filter = `url("#${id}")`;
      this.overlay = svg("svg", { class: "overlay" }, element);
      this.layer = svg("g", {}, this.overlay);
      this.labels = svg("g", {}, this.overlay);
      this.bar = document.createElement("div");
      this.bar.className = "scale-bar";
      this.bar.hidden = true;
      this.lens = document.createElement("canvas");
      this.lens.className = "lens";
      this.lens.width = this.lens.height = LENS;
      this.lens.hidden = true;
      element.append(this.bar, this.lens);
      this.pointer = null;
      this.osd.addHandler("update-viewport", () => this.moved());
      this.osd.addHandler("open", () => this.moved());
      this.followWindow();
    }

    // film : { key, url, rows, columns, spacing, windowed }; windowed(low, high) : the address of the same picture between two
    // shares of its range, where the film has more levels than a screen, or null; spacing in millimetres (row, column) or null
    open(film) {
      this.film = film;
      delete this.element.dataset.shown;
      this.picture = new Image();
      this.picture.src = film.url;
      this.base = [0, 1];
      this.setWindow(0, 1);
      return new Promise((done, failed) => {
        this.osd.addOnceHandler("open", () => {
          this.osd.viewport.setRotation(0, true);
          this.moved();
          this.element.dataset.shown = film.key;
          done();
        });
        this.osd.addOnceHandler("open-failed", () => failed(new Error("the picture cannot be shown")));
        this.osd.open({ type: "image", url: film.url });
      });
    }

    close() { this.film = null; delete this.element.dataset.shown; this.osd.close(); this.layer.replaceChildren(); this.labels.replaceChildren(); this.bar.hidden = true; }

    get item() { return this.osd.world.getItemAt(0); }
    get rotation() { return this.osd.viewport.getRotation(); }

    // (row, column) of the film -> [x, y] in the element, and back
    toScreen(row, column) {
      const size = this.item.getContentSize();
      const at = this.item.imageToViewerElementCoordinates(
        new OpenSeadragon.Point((column * size.x) / this.film.columns, (row * size.y) / this.film.rows));
      return [at.x, at.y];
    }
    toFilm(x, y) {
      const size = this.item.getContentSize();
      const at = this.item.viewerElementToImageCoordinates(new OpenSeadragon.Point(x, y));
      return [(at.y * this.film.rows) / size.y, (at.x * this.film.columns) / size.x];
    }
    place(event) {
      const box = this.element.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }

    moved() {
      if (!this.item || !this.film) return;
      const [x, y] = this.toScreen(0, 0), [xc, yc] = this.toScreen(0, 1), [xr, yr] = this.toScreen(1, 0);
      this.layer.setAttribute("transform", `matrix(${xc - x} ${yc - y} ${xr - x} ${yr - y} ${x} ${y})`);
      this.scale = Math.hypot(xc - x, yc - y);
      this.osd.drawer.canvas.style.filter = this.filter;
      this.drawBar();
      this.drawLens();
      for (const listener of this.listeners) listener();
    }
    onMove(listener) { this.listeners.push(listener); }

    drawBar() {
      const spacing = this.film.spacing;
      this.bar.hidden = !spacing;
      if (!spacing) return;
      const step = Math.abs(this.rotation % 180) === 90 ? spacing[0] : spacing[1];
      const pixels = (mm) => (mm / step) * this.scale;
      const mm = BARS_MM.find((length) => pixels(length) <= this.element.clientWidth / 4) ?? BARS_MM.at(-1);
      this.bar.style.width = `${pixels(mm)}px`;
      this.bar.textContent = `${mm} mm`;
    }

    zoom(factor, at = null) {
      const viewport = this.osd.viewport;
      viewport.zoomBy(factor, at ? viewport.viewerElementToViewportCoordinates(new OpenSeadragon.Point(...at)) : null);
      viewport.applyConstraints();
    }
    pan(across, down) {
      const viewport = this.osd.viewport;
      const delta = viewport.deltaPointsFromPixels(
        new OpenSeadragon.Point(across * this.element.clientWidth, down * this.element.clientHeight).rotate(-this.rotation));
      viewport.panBy(delta);
      viewport.applyConstraints();
    }
    fit() { this.osd.viewport.goHome(); }
    oneToOne() {
      const size = this.item.getContentSize();
      const zoom = this.item.imageToViewportZoom((this.film.columns / size.x) / (window.devicePixelRatio || 1));
      this.osd.viewport.zoomTo(zoom);
    }
    rotate(degrees) { this.osd.viewport.setRotation(this.rotation + degrees); }

    // Shown black at `low` and white at `high`, in shares of the film's range.
    setWindow(low, high) {
      const least = 0.01;
      const middle = Math.min(1.2, Math.max(-0.2, (low + high) / 2)), half = Math.min(1.5, Math.max(least, high - low)) / 2;
      [this.low, this.high] = [middle - half, middle + half];
      const slope = (this.base[1] - this.base[0]) / (2 * half), intercept = (this.base[0] - this.low) / (2 * half);
      for (const one of this.functions) {
        one.setAttribute("slope", this.inverted ? -slope : slope);
        one.setAttribute("intercept", this.inverted ? 1 - intercept : intercept);
      }
      this.drawLens();
      clearTimeout(this.settling);
      if (this.film?.windowed) this.settling = setTimeout(() => this.deepen(), 350);
    }
    // A film of 12 or 16 bits has more levels than the picture: once the window rests, the picture is that window's own.
    async deepen() {
      const { film } = this, [low, high] = levels(this.low, this.high);
      if (!film || !this.item || (low === this.base[0] && high === this.base[1])) return;
      const picture = new Image();
      picture.src = low === 0 && high === 1 ? film.url : film.windowed(low, high);
      try { await picture.decode(); } catch { return; } // the picture that is there stays
      if (this.film !== film) return;
      this.osd.addTiledImage({
        tileSource: { type: "image", url: picture.src }, index: 0, replace: true,
        success: () => { this.picture = picture; this.base = [low, high]; clearTimeout(this.settling); this.setWindow(this.low, this.high); clearTimeout(this.settling); },
      });
    }
    changeWindow(level, width) {
      const half = ((this.high - this.low) / 2) * Math.exp(width), middle = (this.low + this.high) / 2 + level;
      this.setWindow(middle - half, middle + half);
    }
    invert() { this.inverted = !this.inverted; this.setWindow(this.low, this.high); return this.inverted; }

    followWindow() { // with the right button, or with any while `windowing`: across is contrast, down is darkness
      let from = null;
      const target = this.element;
      const follows = (event) => event.button === 2 || (this.windowing && event.button === 0);
      const lens = (event) => !this.lens.hidden && event.pointerType === "touch"; // a finger moves the magnifier, not the film
      let lensed = false;
      target.addEventListener("contextmenu", (event) => event.preventDefault());
      target.addEventListener("pointerdown", (event) => {
        this.touched = event.pointerType === "touch";
        if (!this.film || !(follows(event) || lens(event))) return;
        event.stopPropagation(); event.preventDefault();
        if (follows(event)) from = [event.clientX, event.clientY];
        else { lensed = true; this.pointer = this.place(event); this.drawLens(); }
        target.setPointerCapture(event.pointerId);
      }, true);
      target.addEventListener("pointermove", (event) => {
        this.pointer = this.place(event);
        if (from) {
          event.stopPropagation();
          this.changeWindow((event.clientY - from[1]) / 600, (from[0] - event.clientX) / 300);
          from = [event.clientX, event.clientY];
        } else if (lensed) event.stopPropagation();
        this.drawLens();
      }, true);
      const end = (event) => { if (from || lensed) { from = null; lensed = false; event.stopPropagation(); } };
      target.addEventListener("pointerup", end, true);
      target.addEventListener("pointercancel", end, true);
    }

    magnify(on = this.lens.hidden) { this.lens.hidden = !on; this.drawLens(); return on; }
    drawLens() {
      if (this.lens.hidden || !this.item || !this.film || !this.picture.complete) return;
      const [x, y] = this.pointer ?? [this.element.clientWidth / 2, this.element.clientHeight / 2];
      const [row, column] = this.toFilm(x, y);
      const across = this.picture.naturalWidth / this.film.columns, down = this.picture.naturalHeight / this.film.rows;
      const pen = this.lens.getContext("2d");
      const zoom = Math.max(LENS_ZOOM * this.scale, 1);
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.fillStyle = "#000";
      pen.fillRect(0, 0, LENS, LENS);
      pen.translate(LENS / 2, LENS / 2);
      pen.rotate((this.rotation * Math.PI) / 180);
      pen.scale(zoom / across, zoom / down);
      pen.drawImage(this.picture, -column * across, -row * down);
      this.lens.style.filter = this.filter;
      this.lens.style.left = `${Math.min(Math.max(x - LENS / 2, 0), this.element.clientWidth - LENS)}px`;
      const above = this.touched ? LENS * 0.7 : 0; // not under the finger
      this.lens.style.top = `${Math.min(Math.max(y - LENS / 2 - above, 0), this.element.clientHeight - LENS)}px`;
    }

    // Whatever moves one of two films moves the other, each in shares of its own size.
    static together(one, two) {
      let busy = false;
      const follow = (from, to) => {
        if (busy || !from.item || !to.item) return;
        busy = true;
        const [a, b] = [from.osd.viewport, to.osd.viewport];
        b.zoomTo(b.getHomeZoom() * (a.getZoom(true) / a.getHomeZoom()), null, true);
        const centre = a.getCenter(true), bounds = from.item.getBounds(), other = to.item.getBounds();
        b.panTo(new OpenSeadragon.Point(
          (centre.x / bounds.width) * other.width, (centre.y / bounds.height) * other.height), true);
        b.setRotation(a.getRotation(true), true);
        busy = false;
      };
      let leader = one;
      for (const viewer of [one, two]) {
        viewer.element.addEventListener("pointerenter", () => { leader = viewer; });
        viewer.onMove(() => { if (viewer === leader) follow(viewer, viewer === one ? two : one); });
      }
    }
  }

  globalThis.FilmViewer = FilmViewer;
  globalThis.lennoxSvg = svg;
})();
