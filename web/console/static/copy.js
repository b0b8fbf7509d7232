// A button that copies what stands beside it: keys, codes, commands. Without the permission, or where the page is not encrypted, the
// text is selected and copied as Ctrl-C does; where even that is refused it stays selected, and the button says so.
(() => {
	"use strict";
	const select = (el) => {
		const range = document.createRange();
		range.selectNodeContents(el);
		const now = getSelection();
		now.removeAllRanges();
		now.addRange(range);
	};
	const copy = async (el) => {
		try {
			await navigator.clipboard.writeText(el.textContent);
			return true;
		} catch {
			select(el);
			return document.execCommand("copy");
		}
	};
	const add = (root) => {
		for (const pre of root.querySelectorAll(".docs > pre")) {
			const box = document.createElement("div");
			box.className = "copy";
			pre.tabIndex = 0;
			pre.replaceWith(box);
			box.append(pre);
		}
		for (const box of root.querySelectorAll(".copy:not(:has(button))")) {
			const el = box.firstElementChild, button = document.createElement("button");
			button.type = "button";
			button.className = "small";
			button.textContent = "Copy";
			button.setAttribute("aria-live", "polite");
			button.addEventListener("click", async () => {
				button.textContent = await copy(el) ? "Copied" : "Press Ctrl-C";
				setTimeout(() => { button.textContent = "Copy"; }, 3000);
			});
			box.append(button);
		}
	};
	add(document);
	document.addEventListener("htmx:afterSwap", (e) => add(e.detail.target || document));
})();
