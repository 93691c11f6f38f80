// Shows what is marked data-silence while the portal does not answer htmx, so that an old
// page is not taken for a new one.
const notices = document.querySelectorAll("[data-silence]");

function say(isSilent) {
  for (const notice of notices) notice.hidden = !isSilent;
}

document.body.addEventListener("htmx:afterRequest", (event) => say(!event.detail.successful));
