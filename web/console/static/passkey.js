// Passkeys: the browser asks a device, and ORAC is told what it answers.
(() => {
	"use strict";

	const able = window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON && PublicKeyCredential.parseCreationOptionsFromJSON;

	// post asks the API; a problem is thrown as a sentence for people.
	async function post(path, body) {
		const answer = await fetch(path, {
			method: "POST",
			headers: {"Content-Type": "application/json", "X-CSRF-Token": document.body.dataset.csrf || ""},
			body: body && JSON.stringify(body),
		});
		const text = await answer.json();
		if (!answer.ok) throw new Error(text.detail || text.title || "It did not work.");
		return text;
	}

	// said is what people are told of an error: a device that was put away is none of ORAC's.
	const said = (e) => e.name === "NotAllowedError" ? "The device has not answered, or you have stopped it. Try again."
		: e.name === "InvalidStateError" ? "This device has a passkey of yours already." : e.message;

	function run(button, status, work) {
		button.disabled = true;
		status.textContent = "Look at your device.";
		work().catch((e) => {
			status.textContent = said(e);
			button.disabled = false;
			button.focus();
		});
	}

	const entrance = document.getElementById("passkey");
	if (entrance && able) {
		entrance.hidden = false;
		const button = entrance.querySelector("button");
		button.addEventListener("click", () => run(button, entrance.querySelector("[role=status]"), async () => {
			const question = await post("/api/auth/passkey/options");
			const answer = await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(question.options)});
			await post("/api/auth/passkey", {credential: JSON.stringify(answer.toJSON())});
			location.assign(entrance.dataset.next);
		}));
	}

	const form = document.getElementById("add-passkey");
	if (form) {
		const status = form.querySelector("[role=status]");
		const button = form.querySelector("button");
		if (!able) {
			button.disabled = true;
			status.textContent = "This browser does not know passkeys here. They need a name and HTTPS.";
		} else {
			status.textContent = "";
		}
		form.addEventListener("submit", (e) => {
			e.preventDefault();
			run(button, status, async () => {
				const question = await post("/api/auth/passkeys/options", {current_password: form.elements.current.value});
				const made = await navigator.credentials.create({publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(question.options)});
				await post("/api/auth/passkeys", {name: form.elements.name.value, credential: JSON.stringify(made.toJSON())});
				location.assign("/passkeys?done=added");
			});
		});
	}
})();
