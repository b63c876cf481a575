"use strict";

const entry = document.getElementById("entry");
const field = document.getElementById("token");
const refusal = document.getElementById("refusal");

function bearer(token) {
  return { Authorization: `Bearer ${token}` };
}

async function described(token) {
  const answer = await fetch("/openapi.json", { headers: bearer(token) });
  const told = await answer.json();
  if (!answer.ok) {
    throw new Error(told.detail);
  }
  return told;
}

function show(spec, token) {
  const page = SwaggerUIBundle({
    spec,
    dom_id: "#description",
    deepLinking: true,
    displayRequestDuration: true,
    // Nothing is sent to a validator elsewhere, and nothing is kept when the page is left.
    validatorUrl: null,
    persistAuthorization: false,
    onComplete: () => page.preauthorizeApiKey("HTTPBearer", token),
  });
}

entry.addEventListener("submit", async (event) => {
  event.preventDefault();
  refusal.textContent = "";
  const token = field.value.trim();
  try {
    const spec = await described(token);
    field.value = "";
    entry.hidden = true;
    show(spec, token);
  } catch (error) {
    refusal.textContent = error.message;
  }
});
