// Shows what works with scripts alone, such as the button for a passkey.
for (const element of document.querySelectorAll("[data-needs-script]")) {
  element.hidden = false;
}
