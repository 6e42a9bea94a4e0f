"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  // Light and dark: the system's choice until the button is used.
  const button = document.getElementById("theme");
  const redraw = [];
  const setTheme = (theme) => {
    root.dataset.theme = theme;
    button.textContent = theme === "dark" ? "Light colours" : "Dark colours";
    redraw.forEach((draw) => draw());
  };
  button.addEventListener("click", () => setTheme(root.dataset.theme === "dark" ? "light" : "dark"));

  // Filter: rows of every table that hold all the words.
  const filter = document.getElementById("filter");
  const hits = document.getElementById("hits");
  const rows = [...document.querySelectorAll("article tbody tr")];
  filter.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const match = words.every((word) => text.includes(word));
      row.classList.toggle("hidden", !match);
      shown += match ? 1 : 0;
    }
    hits.textContent = words.length ? `${shown} ${shown === 1 ? "row" : "rows"}` : "";
  });

  // The picture: buttons and keys change its size.
  for (const zoom of document.querySelectorAll(".zoom")) {
    const canvas = zoom.querySelector(".canvas");
    const image = zoom.querySelector("img");
    let scale = 0;
    const set = (factor) => {
      scale = factor === 0 ? 0 : (scale || image.clientWidth / image.naturalWidth) * factor;
      image.style.maxWidth = image.style.maxHeight = scale ? "none" : "";
      image.style.width = scale ? `${Math.max(80, Math.min(scale, 8) * image.naturalWidth)}px` : "";
    };
    for (const control of zoom.querySelectorAll("[data-zoom]"))
      control.addEventListener("click", () => set(Number(control.dataset.zoom)));
    canvas.addEventListener("keydown", (event) => {
      const factor = { "+": 1.25, "=": 1.25, "-": 0.8, 0: 0 }[event.key];
      if (factor === undefined) return;
      event.preventDefault();
      set(factor);
    });
  }

  for (const copy of document.querySelectorAll(".copy"))
    copy.addEventListener("click", async () => {
      const text = copy.closest("figure").querySelector("code").textContent;
      try {
        await navigator.clipboard.writeText(text);
        copy.firstChild.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(copy.closest("figure").querySelector("code"));
        copy.firstChild.textContent = "Selected";
      }
    });

  // A table that is wider than its place is scrolled by keyboard, too. On a phone each row stands by itself, with the
  // heads of its columns before its cells; tables of steps stay tables.
  const captionOf = (place) => place.querySelector("caption")?.textContent.trim() || "Numbers";
  const reach = () => {
    for (const place of document.querySelectorAll(".scroll, pre")) {
      const wide = place.scrollWidth > place.clientWidth;
      for (const [name, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", place.tagName === "PRE" ? "Code" : captionOf(place)]])
        if (wide) place.setAttribute(name, value);
        else place.removeAttribute(name);
    }
  };
  for (const table of document.querySelectorAll("section > .scroll > table")) {
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent);
    table.classList.add("rows");
    for (const row of table.tBodies[0].rows)
      if (row.cells.length > 1) for (const cell of row.cells) cell.dataset.head = heads[cell.cellIndex] ?? "";
  }
  document.addEventListener("toggle", reach, true);

  // Charts.
  const EVERY = [1, 2, 5].flatMap((first) => [0, 1, 2, 3, 4, 5].map((zeros) => first * 10 ** zeros)).sort((a, b) => a - b);
  // As many digits as tell neighbouring marks apart, however small they are.
  const marks = (window.leappMarks = (_, splits, __, ___, step) => {
    const largest = Math.max(...splits.map(Math.abs));
    const digits = Math.min(15, Math.max(1, Math.ceil(Math.log10(largest / step || 1)) + 1));
    return splits.map((value) => (Math.abs(value) < step / 2 ? "0" : String(Number(value.toPrecision(digits)))));
  });
  const around = (_, low, high) => {
    const room = Math.abs(low) / 10 || 1;
    return low === high ? [low - room, high + room] : uPlot.rangeNum(low, high, 0.1, true);
  };
  const color = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const plot = (place, title, lines, stride = 1) => {
    const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line") } };
    const count = Math.max(...lines.map((line) => line.values.length));
    const steps = Array.from({ length: count }, (_, number) => number * stride);
    const chart = make("div", { class: "chart", role: "img", "aria-label": `${title}; the numbers are in the table below` });
    place.append(make("h3", {}, title), chart);
    new uPlot(
      {
        width: Math.max(260, Math.min(place.clientWidth || 700, 1100)),
        height: 240,
        scales: { x: { time: false }, y: { range: around } },
        axes: [{ ...axis, label: "control step", incrs: EVERY }, { ...axis, size: 80, values: marks }],
        series: [{ label: "step" }, ...lines.map((line) => ({
          label: line.label, stroke: color(line.color), width: 2, dash: line.dash ? [6, 4] : undefined, points: { show: count < 12 },
        }))],
      },
      [steps, ...lines.map((line) => line.values)],
      chart,
    );
    const head = make("tr", {}, make("th", { scope: "col" }, "step"), ...lines.map((line) => make("th", { scope: "col" }, line.label)));
    const body = steps.map((step, index) => make("tr", {}, make("td", {}, String(step)), ...lines.map((line) => make("td", {}, String(line.values[index] ?? "")))));
    place.append(make("details", {}, make("summary", {}, `Numbers: ${title}`),
      make("div", { class: "scroll" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)))));
  };

  const choose = (label, options) => {
    const select = make("select", {}, ...options.map((text, index) => make("option", { value: index }, text)));
    return [make("label", {}, `${label} `, select), select];
  };

  for (const place of document.querySelectorAll(".charts")) {
    const { episodes, closed_loop: loop } = data[Number(place.dataset.bundle)];
    const runs = episodes.map((episode) => ({ title: episode.name, ports: episode.ports, leftOut: episode.left_out }));
    if (loop && loop.ports) {
      const stride = loop.stride || 1;
      const shown = loop.ports.filter((entry) => entry.open_loop).map((entry) => ({ ...entry, ...entry.open_loop }));
      if (shown.length) runs.push({ title: "open loop", about: "The bundle is shown what the policy was shown", ports: shown, leftOut: 0, stride });
      runs.push({ title: "closed loop", about: "Policy and bundle each control a simulation of their own", ports: loop.ports, reward: loop.reward, leftOut: 0, stride });
    }
    if (!runs.length) continue;
    const [episodeLabel, episode] = choose("Episode", runs.map((run) => run.title));
    const [portLabel, port] = choose("Output or state", [""]);
    const [elementLabel, element] = choose("Element", [""]);
    const controls = make("div", { class: "controls" }, episodeLabel, portLabel, elementLabel);
    const canvas = make("div", { "aria-live": "polite" });
    place.append(controls, canvas);
    const refill = (select, texts) => {
      const before = select.options[select.selectedIndex]?.textContent;
      select.replaceChildren(...texts.map((text, index) => make("option", { value: index }, text)));
      select.selectedIndex = Math.max(0, texts.indexOf(before));
    };
    const draw = () => {
      const run = runs[episode.selectedIndex];
      refill(port, run.ports.map((entry) => entry.port + (entry.state ? " (state)" : "")));
      const entry = run.ports[port.selectedIndex];
      refill(element, entry.elements);
      const index = element.selectedIndex;
      const name = `${entry.port} ${entry.elements[index]}`;
      canvas.replaceChildren();
      const notes = run.about ? [run.about] : [];
      if (run.leftOut) notes.push(`${run.leftOut} more steps are not drawn`);
      if (entry.left_out) notes.push(`${entry.left_out} more elements are not drawn`);
      if (notes.length) canvas.append(make("p", {}, `${notes.join("; ")}.`));
      plot(canvas, `${name}: policy and bundle`, [
        { label: "policy", values: entry.expected[index] ?? [], color: "--a" },
        { label: "bundle", values: entry.found[index] ?? [], color: "--b", dash: true },
      ], run.stride);
      plot(canvas, `${entry.port}: largest difference in each step`, [{ label: "difference", values: entry.error, color: "--b" }], run.stride);
      if (run.reward)
        plot(canvas, "Reward in each step", [
          { label: "policy", values: run.reward.policy, color: "--a" },
          { label: "bundle", values: run.reward.bundle, color: "--b", dash: true },
        ], run.stride);
    };
    for (const select of [episode, port, element]) select.addEventListener("change", () => { draw(); reach(); });
    redraw.push(draw);
  }
  addEventListener("resize", () => { clearTimeout(window.leappResize); window.leappResize = setTimeout(() => { redraw.forEach((draw) => draw()); reach(); }, 200); });
  setTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  reach();
})();
