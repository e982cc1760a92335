"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const svgNode = (name, attributes, parent) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    if (parent) parent.append(node);
    return node;
  };
  const htmlNode = (name, attributes, parent) => Object.assign(parent.appendChild(document.createElement(name)), attributes);
  const amount = (value, digits = 2) => value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace(/^-(?=[0.,]*$)/, "").replace("-", "−");
  const compact = (value, step) => {
    if (step >= 1e6) return amount(value / 1e6, 0) + " M";
    return amount(value, Math.min(8, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))));
  };
  const percent = (value, step = 1e-4) => amount(value * 100, Math.min(6, Math.max(0, Math.ceil(-Math.log10(step * 100) - 1e-9)))) + " %";
  const price = (value) => amount(value, Math.abs(value) >= 100 ? 2 : Math.abs(value) >= 1 ? 4 : 8);
  const SECOND = 1e3, MINUTE = 6e4, HOUR = 36e5, DAY = 864e5, MONTH = 30 * DAY;
  const moment = (ms, step) => {
    const text = new Date(ms).toISOString();
    if (step >= MONTH) return text.slice(0, 7);
    if (step >= DAY || (step >= HOUR && text.slice(11, 16) === "00:00")) return text.slice(5, 10);
    return step >= MINUTE ? text.slice(11, 16) : text.slice(11, 19);
  };
  const fullMoment = (ms) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

  const curve = ([steps, values], options) => {
    const times = new Float64Array(steps.length);
    let at = 0;
    steps.forEach((step, index) => { times[index] = at += step; });
    return { times, values, ...options };
  };
  const firstAtOrAfter = (times, wanted) => {
    let low = 0, high = times.length;
    while (low < high) { const middle = (low + high) >> 1; if (times[middle] < wanted) low = middle + 1; else high = middle; }
    return low;
  };
  const niceSteps = (low, high, count) => {
    const rough = (high - low) / count || 1, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power, found = [];
    for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) found.push(n * step || 0);
    return [found, step];
  };

  const TIME_STEPS = [1, 2, 5, 10, 15, 30].map((n) => n * SECOND).concat([1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
    [1, 2, 3, 6, 12].map((n) => n * HOUR), [1, 2, 5, 10].map((n) => n * DAY), [1, 2, 3, 6, 12, 24, 60, 120].map((n) => n * MONTH));
  // Whole minutes, hours, days; days of several count from the first of a month, months from the first of a year.
  const timeSteps = (from, to, most) => {
    const step = TIME_STEPS.find((each) => (to - from) / each <= most) || TIME_STEPS.at(-1), found = [];
    if (step <= DAY) {
      for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
      return [found, step];
    }
    const first = new Date(from), months = step >= MONTH ? Math.round(step / MONTH) : 1, days = step / DAY;
    for (let month = first.getUTCFullYear() * 12 + first.getUTCMonth(); ; month++) {
      const at = Date.UTC(Math.floor(month / 12), month % 12);
      if (at > to) return [found, step];
      if (step >= MONTH) { if (month % months === 0 && at >= from) found.push(at); continue; }
      for (let day = 0; day + days / 2 < 31; day += days) if (at + day * DAY >= from && at + day * DAY <= to) found.push(at + day * DAY);
    }
  };

  const view = { from: 0, to: 1 }, charts = [];
  const whole = { from: Infinity, to: -Infinity };
  const redraw = () => charts.forEach((chart) => chart.draw());
  const zoom = (from, to) => {
    view.from = Math.max(whole.from, from); view.to = Math.min(whole.to, to);
    document.querySelectorAll("[data-reset]").forEach((button) => { button.disabled = view.from <= whole.from && view.to >= whole.to; });
    redraw();
  };

  // At most two points a pixel are drawn: the lowest and the highest, so that a spike is never lost.
  const path = (line, x, y, width) => {
    let begin = Math.max(0, firstAtOrAfter(line.times, view.from) - 1);
    const end = Math.min(line.times.length, firstAtOrAfter(line.times, view.to) + 1), out = [];
    const size = Math.max(1, Math.floor((end - begin) / Math.max(1, width)));
    const put = (n) => out.push(x(line.times[n]).toFixed(1) + "," + y(line.values[n]).toFixed(1));
    for (; begin < end; begin += size) {
      if (size === 1) { put(begin); continue; }
      let low = begin, high = begin;
      for (let n = begin; n < Math.min(end, begin + size); n++) {
        if (line.values[n] < line.values[low]) low = n;
        if (line.values[n] > line.values[high]) high = n;
      }
      put(Math.min(low, high)); if (low !== high) put(Math.max(low, high));
    }
    return out;
  };

  class TimeChart {
    constructor(box, lines, options) {
      this.box = box; this.lines = lines.filter((line) => line.times.length); this.options = options;
      charts.push(this);
      for (const line of this.lines) {
        whole.from = Math.min(whole.from, line.times[0]); whole.to = Math.max(whole.to, line.times[line.times.length - 1]);
      }
      box.addEventListener("pointerdown", (event) => { if (event.pointerType === "mouse") { this.start = event.offsetX; this.box.setPointerCapture(event.pointerId); } });
      box.addEventListener("pointermove", (event) => this.hover(event.clientX - box.getBoundingClientRect().left));
      box.addEventListener("pointerup", (event) => this.pick(event.clientX - box.getBoundingClientRect().left));
      box.addEventListener("pointerleave", () => { if (this.start === undefined) this.clear(); });
      box.addEventListener("dblclick", () => zoom(whole.from, whole.to));
    }
    get shown() { return this.lines.filter((line) => !line.isHidden); }
    range() {
      let low = this.options.low ?? Infinity, high = this.options.high ?? -Infinity;
      for (const { times, values } of this.shown) {
        const begin = Math.max(0, firstAtOrAfter(times, view.from) - 1), end = Math.min(values.length, firstAtOrAfter(times, view.to) + 1);
        for (let n = begin; n < end; n++) { if (values[n] < low) low = values[n]; if (values[n] > high) high = values[n]; }
      }
      if (!(low <= high)) return [0, 1];
      const room = (high - low) * 0.05 || Math.abs(high) * 0.01 || 1;
      return [low === this.options.low ? low : low - room, high === this.options.high ? high : high + room];
    }
    draw() {
      this.box.replaceChildren();
      if (!this.lines.length) { htmlNode("div", { className: "empty", textContent: this.options.empty || "Nothing to draw" }, this.box); return; }
      const width = this.box.clientWidth, height = this.box.clientHeight, bottom = 20, top = 6;
      const [low, high] = this.range(), span = view.to - view.from || 1;
      const [marks, step] = niceSteps(low, high, height < 150 ? 3 : 5), labels = marks.map((mark) => (this.options.unit || compact)(mark, step));
      const left = Math.max(72, 6.6 * Math.max(...labels.map((label) => label.length), 0) + 12);
      this.x = (time) => left + (time - view.from) / span * (width - left - 8);
      this.time = (at) => view.from + (at - left) / (width - left - 8) * span;
      this.y = (value) => top + (high - value) / (high - low) * (height - top - bottom);
      this.left = left; this.width = width; this.height = height;
      const root = svgNode("svg", { role: "img", "aria-label": this.options.label }, this.box);
      for (const [n, mark] of marks.entries()) {
        svgNode("line", { class: mark === 0 ? "zero" : "grid", x1: left, x2: width - 8, y1: this.y(mark), y2: this.y(mark) }, root);
        svgNode("text", { x: left - 6, y: this.y(mark) + 4, "text-anchor": "end" }, root).textContent = labels[n];
      }
      const [times, timeStep] = timeSteps(view.from, view.to, Math.max(2, Math.floor((width - left) / (width < 480 ? 60 : 80))));
      for (const at of times) {
        if (this.x(at) < left + 16 || this.x(at) > width - 26) continue;
        svgNode("line", { class: "grid", x1: this.x(at), x2: this.x(at), y1: height - bottom, y2: height - bottom + 4 }, root);
        svgNode("text", { x: this.x(at), y: height - 4, "text-anchor": "middle" }, root).textContent = moment(at, timeStep);
      }
      const id = "clip" + charts.indexOf(this);
      svgNode("rect", { x: left, y: 0, width: Math.max(0, width - left - 8), height }, svgNode("clipPath", { id }, root));
      const body = svgNode("g", { "clip-path": `url(#${id})` }, root);
      for (const line of this.shown) this.drawLine(line, body, width);
      if (this.options.marks) this.options.marks(this, body);
      this.over = svgNode("g", {}, root);
      this.tip = htmlNode("div", { className: "tip", hidden: true }, this.box);
    }
    drawLine(line, body, width) {
      const points = path(line, this.x, this.y, width);
      if (!points.length) return;
      if (line.area) {
        const base = this.y(0), first = points[0].split(",")[0], last = points[points.length - 1].split(",")[0];
        svgNode("path", { class: "area", d: `M${first},${base}L${points.join(" ")}L${last},${base}Z`, style: `fill:var(--${line.colour})` }, body);
      }
      svgNode("path", { class: "curve", d: "M" + points.join("L"), style: `stroke:var(--${line.colour})` + (line.dash ? ";stroke-dasharray:5 4" : "") }, body);
      if (points.length === 1) { const [cx, cy] = points[0].split(","); svgNode("circle", { cx, cy, r: 3, style: `fill:var(--${line.colour})` }, body); }
    }
    hover(at) {
      if (!this.over) return;
      this.over.replaceChildren();
      if (this.start !== undefined && Math.abs(at - this.start) > 3) {
        svgNode("rect", { class: "pick", x: Math.min(at, this.start), width: Math.abs(at - this.start), y: 0, height: this.height - 20 }, this.over);
      }
      const time = this.time(Math.min(Math.max(at, this.left), this.width - 8)), text = [];
      for (const line of this.shown) {
        const n = Math.min(line.times.length - 1, firstAtOrAfter(line.times, time));
        const before = Math.max(0, n - 1), near = time - line.times[before] < line.times[n] - time ? before : n;
        if (!text.length) text.push(fullMoment(line.times[near]));
        text.push(`${line.name}  ${(this.options.exact || price)(line.values[near])}`);
        svgNode("circle", { cx: this.x(line.times[near]), cy: this.y(line.values[near]), r: 3, style: `fill:var(--${line.colour})` }, this.over);
      }
      svgNode("line", { class: "cross", x1: at, x2: at, y1: 0, y2: this.height - 20 }, this.over);
      this.tip.textContent = text.join("\n"); this.tip.hidden = false;
      this.tip.style.left = Math.max(0, at > this.width / 2 ? at - this.tip.offsetWidth - 12 : at + 12) + "px";
    }
    pick(at) {
      const start = this.start;
      this.start = undefined;
      if (start !== undefined && Math.abs(at - start) > 6) zoom(this.time(Math.min(at, start)), this.time(Math.max(at, start)));
    }
    clear() { if (this.over) { this.over.replaceChildren(); this.tip.hidden = true; } }
  }

  const keys = (parent, items) => items.forEach(([name, colour, kind]) => { htmlNode("span", { className: "key " + (kind || ""), textContent: name }, parent).style.setProperty("--c", `var(--${colour})`); });
  const switches = (parent, chart) => [...chart.lines].reverse().forEach((line) => {
    const button = htmlNode("button", { type: "button", className: "key", textContent: line.name, title: "Show or hide", onclick: () => {
      line.isHidden = !line.isHidden;
      button.setAttribute("aria-pressed", !line.isHidden);
      chart.draw();
    } }, parent);
    button.setAttribute("aria-pressed", true);
    button.style.setProperty("--c", `var(--${line.colour})`);
  });
  const resetButton = (parent) => {
    const button = htmlNode("button", { type: "button", textContent: "Whole run", disabled: true, onclick: () => zoom(whole.from, whole.to) }, parent);
    button.dataset.reset = "";
    htmlNode("span", { textContent: "Drag across a chart to zoom." }, parent);
  };
  const box = (name) => document.querySelector(`[data-chart="${name}"]`);

  const { account, rolling, trades } = data;
  const equityChart = new TimeChart(box("equity"), [
    curve(account.hold, { name: "Buy and hold", colour: "dim", dash: true }), curve(account.equity, { name: "Equity", colour: "accent" }),
  ], { label: "Equity beside buy and hold" });
  new TimeChart(box("drawdown"), [curve(account.drawdown, { name: "Drawdown", colour: "loss", area: true })], { label: "Drawdown", unit: percent, exact: percent, high: 0 });
  new TimeChart(box("exposure"), [curve(account.exposure, { name: "Exposure", colour: "second", area: true })], { label: "Exposure", unit: percent, exact: percent, low: 0 });
  new TimeChart(box("sharpe"), [curve(rolling.sharpe, { name: "Sharpe", colour: "accent" })], { label: "Rolling Sharpe ratio", empty: "Too few returns" });
  new TimeChart(box("volatility"), [curve(rolling.volatility, { name: "Volatility", colour: "third" })], { label: "Rolling volatility", unit: percent, exact: percent, low: 0, empty: "Too few returns" });
  document.querySelectorAll("[data-window]").forEach((node) => { node.textContent = `over ${rolling.window}`; });
  const zoomBar = document.querySelector("[data-zoom]");
  switches(zoomBar, equityChart); resetButton(zoomBar);

  const word = (index) => trades.words[index], total = trades.pnl.length;
  const MARKS = 120, COLOURS = ["second", "third", "fourth", "fifth", "dim"];
  const drawTrades = (symbol, note) => (chart, body) => {
    let seen = [];
    for (let n = 0; n < total; n++) if (word(trades.symbol[n]) === symbol && trades.exit[n] >= view.from && trades.entry[n] <= view.to) seen.push(n);
    const count = seen.length;
    if (count > MARKS) { seen.sort((a, b) => trades.pnl[b] - trades.pnl[a]); seen = [...seen.slice(0, MARKS / 2), ...seen.slice(-MARKS / 2)]; }
    note.textContent = count > MARKS ? `Of ${amount(count, 0)} listed trades the ${MARKS / 2} best and the ${MARKS / 2} worst are drawn; zoom in for the others.` : "";
    for (const n of seen) {
      const isLong = /^(buy|long)$/i.test(word(trades.side[n])), colour = trades.pnl[n] >= 0 ? "gain" : "loss";
      const [x1, y1, x2, y2] = [chart.x(trades.entry[n]), chart.y(trades.entryPrice[n]), chart.x(trades.exit[n]), chart.y(trades.exitPrice[n])];
      const group = svgNode("g", { style: `fill:var(--${colour});stroke:var(--${colour})` }, body);
      svgNode("line", { x1, y1, x2, y2, "stroke-width": 1.5, "stroke-opacity": 0.7 }, group);
      const tip = isLong ? 1 : -1;
      svgNode("path", { d: `M${x1},${y1}l4.5,${9 * tip}h-9z`, stroke: "none" }, group);
      svgNode("circle", { cx: x2, cy: y2, r: 3, stroke: "none" }, group);
      svgNode("title", {}, group).textContent = `${word(trades.side[n])} ${trades.quantity[n]} ${symbol}\n${fullMoment(trades.entry[n])} at ${price(trades.entryPrice[n])} ${word(trades.entryReason[n])}\n${fullMoment(trades.exit[n])} at ${price(trades.exitPrice[n])} ${word(trades.exitReason[n])}\nProfit ${amount(trades.pnl[n])}`;
    }
  };
  const PALETTE = ["accent", ...COLOURS];
  const partBox = document.getElementById("parts");
  for (const { title, curves } of data.parts) {
    const bar = htmlNode("div", { className: "bar" }, partBox);
    htmlNode("span", { textContent: `Profit by ${title}` }, bar);
    const lines = Object.entries(curves).map(([name, line], n) => curve(line, { name, colour: PALETTE[n % PALETTE.length], dash: n >= PALETTE.length }));
    switches(bar, new TimeChart(htmlNode("div", { className: "chart" }, partBox), lines.reverse(), { label: `Profit by ${title}`, exact: amount }));
  }

  const prices = document.getElementById("prices");
  for (const { symbol, close, overlays, panels } of data.prices) {
    const bar = htmlNode("div", { className: "bar" }, prices), named = Object.entries(overlays);
    const chart = htmlNode("div", { className: "chart" }, prices), note = htmlNode("p", { className: "note" }, prices);
    const lines = [...named.map(([name, line], n) => curve(line, { name, colour: COLOURS[n % COLOURS.length] })), curve(close, { name: symbol, colour: "accent" })];
    switches(bar, new TimeChart(chart, lines, { label: `Trades on ${symbol}`, marks: drawTrades(symbol, note) }));
    keys(bar, [["long", "dim", "up"], ["short", "dim", "down"], ["exit", "dim", "out"], ["won", "gain"], ["lost", "loss"]]);
    resetButton(bar);
    Object.entries(panels).forEach(([name, line], n) => {
      keys(htmlNode("div", { className: "bar" }, prices), [[name, COLOURS[n % COLOURS.length]]]);
      new TimeChart(htmlNode("div", { className: "chart low" }, prices), [curve(line, { name, colour: COLOURS[n % COLOURS.length] })], { label: name });
    });
  }
  if (!data.prices.length) htmlNode("div", { className: "empty", textContent: "No prices" }, prices);

  const histogram = { draw() {
    const into = box("histogram"), { start, width: wide, counts } = data.histogram;
    into.replaceChildren();
    if (!counts.length) { htmlNode("div", { className: "empty", textContent: "No trades" }, into); return; }
    const width = into.clientWidth, height = into.clientHeight, left = 44, bottom = 20, most = Math.max(...counts), root = svgNode("svg", { role: "img", "aria-label": "Distribution of the trades' profits" }, into);
    const x = (value) => left + (value - start) / (wide * counts.length) * (width - left - 8), y = (count) => 6 + (1 - count / most) * (height - bottom - 6);
    for (const mark of niceSteps(0, most, 4)[0].filter(Number.isInteger)) {
      svgNode("line", { class: "grid", x1: left, x2: width - 8, y1: y(mark), y2: y(mark) }, root);
      svgNode("text", { x: left - 6, y: y(mark) + 4, "text-anchor": "end" }, root).textContent = amount(mark, 0);
    }
    counts.forEach((count, n) => {
      const low = start + n * wide, bar = svgNode("rect", { x: x(low) + 0.5, width: Math.max(1, x(low + wide) - x(low) - 1), y: y(count), height: y(0) - y(count), rx: 1, style: `fill:var(--${low + wide / 2 < 0 ? "loss" : "gain"})` }, root);
      const tail = n === 0 && data.histogram.has_lower_tail ? " and less" : n === counts.length - 1 && data.histogram.has_upper_tail ? " and more" : "";
      svgNode("title", {}, bar).textContent = `${amount(low)} to ${amount(low + wide)}${tail}: ${amount(count, 0)} trades`;
    });
    const [marks, step] = niceSteps(start, start + wide * counts.length, width < 480 ? 4 : 7);
    for (const mark of marks) svgNode("text", { x: Math.min(width - 22, Math.max(left + 12, x(mark))), y: height - 5, "text-anchor": "middle" }, root).textContent = compact(mark, step);
  } };
  charts.push(histogram);

  const areWholeMinutes = [trades.entry, trades.exit].every((times) => times.every((ms) => ms % MINUTE === 0));
  const tradeMoment = (ms) => fullMoment(ms).slice(0, areWholeMinutes ? 16 : 19);
  const isOne = (column) => new Set(column).size < 2;
  const COLUMNS = [
    ["#", (n) => trades.number[n], (n) => amount(trades.number[n], 0)], ["Strategy", (n) => word(trades.strategy[n]), null, "word"], ["Symbol", (n) => word(trades.symbol[n]), null, "word"],
    ["Side", (n) => word(trades.side[n]), null, "word"], ["Quantity", (n) => trades.quantity[n], (n) => String(trades.quantity[n])],
    ["Entry (UTC)", (n) => trades.entry[n], (n) => tradeMoment(trades.entry[n])], ["at", (n) => trades.entryPrice[n], (n) => price(trades.entryPrice[n])],
    ["Exit (UTC)", (n) => trades.exit[n], (n) => tradeMoment(trades.exit[n])], ["at", (n) => trades.exitPrice[n], (n) => price(trades.exitPrice[n])],
    ["Profit", (n) => trades.pnl[n], (n) => amount(trades.pnl[n])], ["Fees", (n) => trades.fees[n], (n) => amount(trades.fees[n])], ["Bars", (n) => trades.bars[n], (n) => amount(trades.bars[n], 0)],
    ["Entry reason", (n) => word(trades.entryReason[n]), null, "word reason"], ["Exit reason", (n) => word(trades.exitReason[n]), null, "word reason"],
  ].filter(([title]) => !(title === "Strategy" && isOne(trades.strategy)) && !(title === "Symbol" && isOne(trades.symbol)));
  const list = document.getElementById("trades"), table = list.querySelector("table"), listBar = list.querySelector(".bar"), PAGE = 25;
  const state = { column: 0, isUp: true, page: 0, only: "all" };
  const turn = (label, by) => htmlNode("button", { type: "button", textContent: label, onclick: () => { state.page += by; fill(); } }, listBar);
  const filter = htmlNode("select", { title: "Which trades", onchange: () => { state.only = filter.value; state.page = 0; fill(); } }, listBar);
  for (const [value, text] of [["all", "All trades"], ["won", "Won"], ["lost", "Lost"]]) htmlNode("option", { value, textContent: text }, filter);
  const before = turn("‹ Back", -1), place = htmlNode("span", {}, listBar), after = turn("Next ›", 1);
  const fill = () => {
    const rows = [...Array(total).keys()].filter((n) => state.only === "all" || (state.only === "won" ? trades.pnl[n] > 0 : trades.pnl[n] < 0));
    const key = COLUMNS[state.column][1], sign = state.isUp ? 1 : -1;
    rows.sort((a, b) => { const [p, q] = [key(a), key(b)]; return (p < q ? -1 : p > q ? 1 : a - b) * sign; });
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    state.page = Math.min(state.page, pages - 1);
    before.disabled = state.page === 0; after.disabled = state.page === pages - 1;
    place.textContent = rows.length ? `${amount(state.page * PAGE + 1, 0)}–${amount(Math.min(rows.length, (state.page + 1) * PAGE), 0)} of ${amount(rows.length, 0)}` : "No trades";
    table.replaceChildren();
    const head = htmlNode("tr", {}, htmlNode("thead", {}, table)), body = htmlNode("tbody", {}, table);
    COLUMNS.forEach(([title, , , kind], column) => {
      const cell = htmlNode("th", { className: kind || "" }, head), isSorted = column === state.column;
      if (isSorted) cell.setAttribute("aria-sort", state.isUp ? "ascending" : "descending");
      htmlNode("button", { type: "button", textContent: title + (isSorted ? (state.isUp ? " ↑" : " ↓") : ""), onclick: () => { state.isUp = isSorted ? !state.isUp : column === 0 || kind === "word"; state.column = column; state.page = 0; fill(); } }, cell);
    });
    for (const n of rows.slice(state.page * PAGE, (state.page + 1) * PAGE)) {
      const row = htmlNode("tr", {}, body);
      for (const [title, value, text, kind] of COLUMNS) {
        const shown = String(text ? text(n) : value(n)), tone = title === "Profit" ? (trades.pnl[n] > 0 ? "gain" : trades.pnl[n] < 0 ? "loss" : "") : "";
        htmlNode("td", { className: `${kind || ""} ${tone}`, textContent: shown, title: (kind || "").includes("reason") ? shown : "" }, row);
      }
    }
  };
  fill();

  document.getElementById("theme").onclick = () => {
    const isDark = getComputedStyle(document.documentElement).colorScheme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = isDark ? "light" : "dark";
  };
  if (!(whole.from <= whole.to)) { whole.from = 0; whole.to = 1; }
  if (whole.from === whole.to) { whole.from -= 1e3; whole.to += 1e3; }
  zoom(whole.from, whole.to);
  let pending = 0;
  addEventListener("resize", () => { cancelAnimationFrame(pending); pending = requestAnimationFrame(redraw); });
})();
