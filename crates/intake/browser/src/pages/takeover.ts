// The event that states to the script of the head whether the program handles the forms of the page
// from now on.

/** The name of the event. Its detail is true if the program handles the forms. */
export const TAKEOVER = "takeover";

export const announceTakeover = (isTakenOver: boolean): void => {
  document.dispatchEvent(new CustomEvent(TAKEOVER, { detail: isTakenOver }));
};
