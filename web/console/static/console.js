// What every page does: events of the appliance reach its elements as "orac:KIND" and "orac:GROUP" (see events.go), times are shown
// in the reader's zone, and a login that is over is said.
(() => {
	"use strict";
	const body = document.body, notice = document.getElementById("notice");

	const tell = (text) => { notice.textContent = text; notice.hidden = !text; };
	window.orac = {
		// say has a screen reader say something at once.
		say(text) { document.getElementById("say").textContent = text; },
		csrf: body.dataset.csrf,
		colour(name) { return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim(); },
	};

	// Times, in the reader's zone.
	const pad = (n) => String(n).padStart(2, "0");
	const local = (root) => {
		for (const t of root.querySelectorAll("time[datetime]")) {
			const d = new Date(t.dateTime), now = new Date();
			if (isNaN(d)) continue;
			const clock = `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
			t.textContent = d.toDateString() === now.toDateString() ? clock : `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${clock}`;
		}
	};
	local(document);
	body.addEventListener("htmx:afterSwap", (e) => local(e.detail.target || document));
	body.addEventListener("htmx:oobAfterSwap", (e) => local(e.detail.target || document));
	body.addEventListener("htmx:beforeOnLoad", (e) => {
		if (e.detail.xhr.responseURL && new URL(e.detail.xhr.responseURL).pathname === "/login") location.reload(); // logged out
	});
	body.addEventListener("htmx:responseError", (e) => {
		if (e.detail.xhr.status === 401 || e.detail.xhr.status === 403) tell("You are no longer logged in, or may not do that. Reload the page.");
	});
	body.addEventListener("htmx:afterRequest", (e) => { if (e.detail.successful) tell(""); });

	// What takes its time says so, and is not sent twice.
	document.addEventListener("submit", (e) => {
		const f = e.target, by = e.submitter;
		if (!f.dataset.busy || by && by.hasAttribute("formaction")) return;
		if (f.dataset.sent) { e.preventDefault(); return; }
		f.dataset.sent = "yes";
		tell(f.dataset.busy);
		if (by) by.setAttribute("aria-busy", "true");
	});
	addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); }); // what is kept of a page is old

	// One stream of events a page.
	if (!body.dataset.events) return;
	const kinds = JSON.parse(body.dataset.events);
	const stream = new EventSource("/api/events?kinds=" + encodeURIComponent(Object.keys(kinds)));
	for (const [kind, groups] of Object.entries(kinds)) {
		stream.addEventListener(kind, (e) => {
			const detail = JSON.parse(e.data);
			for (const name of [kind, ...groups]) body.dispatchEvent(new CustomEvent("orac:" + name, { detail }));
		});
	}
	stream.addEventListener("open", () => { tell(""); body.dispatchEvent(new CustomEvent("orac:open")); });
	stream.addEventListener("error", () => tell("The connection is lost. Trying again…"));
	stream.addEventListener("end", (e) => {
		stream.close();
		if (JSON.parse(e.data).why === "logged out") location.assign("/login?next=" + encodeURIComponent(location.pathname));
		else tell("The appliance has stopped. Reload the page when it runs again.");
	});
	window.addEventListener("pagehide", () => stream.close());
})();
