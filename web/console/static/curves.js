// Curves by uPlot, in the colours of the page.
(() => {
	"use strict";
	// orac.curve draws curves into an element and gives back what sets their data. series: {colour, fill, dash, width}.
	orac.curve = (el, series, range, options = {}) => {
		const c = orac.colour, grid = { stroke: c("line"), width: 1 }, axis = { stroke: c("muted"), grid, ticks: { show: false }, font: "12px system-ui", size: 26 };
		const plot = new uPlot({
			width: el.clientWidth || 300, height: el.clientHeight || 120, legend: { show: false }, cursor: { show: !!options.cursor, drag: { x: false, y: false } },
			padding: [6, 4, 0, 0],
			scales: { x: { time: options.time !== false }, y: { range } },
			axes: [{ ...axis, grid: { show: false }, show: options.time !== false, space: 70 }, { ...axis, size: options.gutter || 34, space: 34, values: options.values }],
			series: [{}, ...series.map((s) => ({ stroke: c(s.colour), fill: s.fill ? c(s.fill) : undefined, width: s.width || 1.6, dash: s.dash, points: { show: false }, spanGaps: false }))],
		}, [[], ...series.map(() => [])], el);
		new ResizeObserver(() => plot.setSize({ width: el.clientWidth, height: el.clientHeight })).observe(el);
		return plot;
	};
})();
