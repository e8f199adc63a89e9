### The investigators' workbench. Short sentences; words of the trade; never a promise.

## Frame

skip = Go to the content
workbench = Workbench
sections = Sections
lock = Lock
back = Back
to-queue = Cases
the-handler = the service
oversight-body = Oversight body
lead = (lead)
unread = new
sealed-to-former-key = sealed to your former key
locks-soon = The workbench locks in a minute. Press a key to stay.
directory-expired = The directory has expired: reporters cannot send reports or messages, and members get no new access. The administration must sign a new one.
directory-ends = { $count ->
    [0] The directory ends today. The administration must sign a new one.
    [one] The directory ends tomorrow. The administration must sign a new one.
   *[other] The directory ends in { $count } days. The administration must sign a new one.
}
bytes = { $count } B
kilobytes = { $count } kB
megabytes = { $count } MB

## Dates

date = { $day } { $month } { $year }
moment = { $day }, { $time } UTC
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec
due-today = today
due-tomorrow = tomorrow
due-in = in { $count } days
due-late = { $count ->
    [one] late by a day
   *[other] late by { $count } days
}
no-deadline = no deadline

## Way in, and lock

open-heading = Welcome
open-what = This browser is signed in now. The workbench opens.
open-on = Open the workbench
open-void = This link is not valid
open-void-what = A link works once, within ten minutes. If you did not open it yourself, another person did: stop the program and tell the administration. Otherwise ask for a new link in the terminal.
unlock-title = Locked
unlock-heading = Unlock
unlock-passphrase = Passphrase of your key
unlock-do = Unlock
unlock-wrong = The passphrase is wrong. It cannot be recovered.
unlock-forgotten = Forgotten for good? Tell the administration and the lead of your desk, move the folder { $folder } to another place, start the program again, and make a new key with the same handle.
unlock-no-key = There is no readable key in your folder. If the file is damaged, restore the key from a backup sheet, in an empty folder.
unlock-lost = The workbench had locked itself. What you were sending was not done: unlock, and do it again.
unlock-idle = { $count ->
    [one] After a minute without activity the key is wiped from memory.
   *[other] After { $count } minutes without activity the key is wiped from memory.
}

## What goes wrong

error-title = Problem
error-failed = That did not work
error-do-failed = Try again. If the error comes back, give the sentence below to the administration.
error-incomplete = Not everything arrived
error-do-incomplete = Try again. If it breaks off again, give the sentence below to the administration: what the service stores may be damaged.
error-passphrase = The passphrase is wrong
error-do-passphrase = Try again.
error-refused = This is not allowed now
error-do-refused = Nothing was changed. Open the case again: another person may have acted before you.
error-unauthorized = You are not in the directory
error-do-unauthorized = Nothing was changed. Come back when the directory has been signed and published.
error-not-found = Not found
error-do-not-found = This page, case or file does not exist, or you have no access to it.
error-purged = Destroyed
error-do-purged = It can still be verified: Administration, Log.
error-unreadable = This report is unreadable
error-do-unreadable = This is no alarm: anyone can send data that does not open. Ask a colleague to try.
error-unreachable = The case handler does not answer
error-do-unreachable = Check the network. Nothing was lost, and nothing was changed.
error-alarm = ALARM
error-do-alarm = Stop here. Tell the oversight body and the administration, and keep this sentence.
error-detail = For a person who helps you:

## Cases

queue-title = Cases
queue-parts = Parts of the list
queue-mine = Mine
queue-open = All open
queue-due = Due
queue-unread = New
queue-waiting = Wait for me
queue-closed = Closed
queue-retention = Retention over
queue-none-mine = You have no case
queue-none-do-mine = Cases without an assignee are among the open ones. The most urgent come first.
queue-none-waiting = Nothing waits for your decision
queue-none-do-waiting = Cases come here when a colleague has proposed something that you can approve or decline.
queue-none-open = No open case
queue-none-do-open = New reports arrive here by themselves. Come back later.
queue-none-due = Nothing is due this week
queue-none-do-due = Cases come here when a deadline ends within seven days, or has passed.
queue-none-unread = Nothing new
queue-none-do-unread = Cases come here when they have events that you have not seen.
queue-none-closed = No closed case
queue-none-do-closed = It takes two to close a case: one person proposes, another approves.
queue-none-retention = No closed case may be destroyed yet
queue-none-do-retention = A closed case is retained for the time that was fixed when it was received. Then two people can destroy it: one proposes, another approves.
queue-show-open = Show the open cases
queue-next = Next page
column-case = Case
column-priority = Priority
column-next = To do
column-stage = Stage
column-who = Assignee
column-desk = Desk
column-filed = Received
waits-for-second = waits for a second person
waits-for-me = waits for your decision
waits-for-answer = { $count } to deal with
who-me = you
who-nobody = none
who-left = has left
who-suggested = suggested: { $who }
priority-P1 = 24 hours
priority-P2 = 3 days
priority-P3 = 7 days
priority-P4 = 30 days
deadline-kind-acknowledge = first answer
deadline-kind-triage = triage
deadline-kind-assess = assessment
deadline-kind-investigate = investigation
deadline-kind-feedback = feedback to the reporter
deadline-kind-referral = follow up the referral
stage-received = received
stage-triaged = triaged
stage-assessing = assessing
stage-investigating = investigating
stage-decided = decided
stage-referred = referred
stage-closed = closed

## One case

case-title = Case
case-pages = Pages of the case
case-unreadable = Unreadable report
tab-story = Report
tab-timeline = Timeline
alarms-heading = What is wrong in this case
oversight-reads = can read it
oversight-locked = access locked
legal-hold = destruction forbidden
why-priority = Why this priority:
because-category = the category itself
because-person = decided by { $who }
release-filed = went there from the start
release-missed-deadline = a deadline was missed
release-reporter-asked = the reporter asked for it
release-desk-conflicted = fewer than two members of the desk could read it
report-unreadable = The report cannot be read. See the alarms.
facts = Facts
reported-by = Reported by
sealed-by = Sealed by
sealed-by-listed = a program of the directory, as the report states. An altered program can state the same
sealed-by-unlisted = a program that the directory does not list
sealed-by-unstated = the server of the intake, or a program that does not name itself
factors = Factors (Revised Arusha Declaration)
must-not-reach = Must not reach
audience-trader = importer or exporter
audience-broker = customs broker
audience-carrier = carrier
audience-traveller = traveller
audience-officer = customs officer
audience-public = another person, or not stated
exposed-heading = How exposed the reporter is
exposed-high = Very exposed: those concerned can guess who spoke, or the reporter is threatened.
exposed-raised = Exposed: some answers can point to the reporter.
exposed-low = Little exposed, as far as the answers tell.
exposed-unknown = The answers say nothing about it. Act as if the reporter were exposed.
exposed-care = Before each step ask yourself: who, on hearing of it, would know where it comes from?
story-heading = In their own words
story-empty = The reporter wrote nothing.
files-heading = Attached files
files-none = No file.
file-of-message = message { $number }
file-says = The sender calls it { $kind }
picture-alt = Picture attached by the reporter
picture-how = Made from the pixels alone, by a confined program. Nothing else of the file was opened.
recording-label = Recording attached by the reporter
recording-how = Made from the samples alone, by a confined program. Nothing else of the file was opened. It plays WAV, MP3 and M4A files, at most their first 15 minutes. If nothing is heard, the file is of another kind or damaged.
transcript-heading = Transcript
transcript-hint = Listen with headphones. Write what is said, without guessing who speaks.
transcript-begin = Recording { $number }:
transcript-add = Add the transcript
file-save-heading = Save the file as it came
file-save-warning = This file comes from an unknown sender. Open it only on a machine without a network, with a viewer that confines it, such as Dangerzone. Never by a double click. Once saved it is no longer sealed: delete it afterwards.
file-hash = SHA-256:
file-save = Save
file-damaged = This file is not the one that the report names
treated-heading = What was done to it before it was sent
treated-claim = This is a claim of the sender. It cannot be checked.
treated-hash = This is the hash of the file as it was sent. If anything was taken out or redrawn, the original has another.
treated-unsaid = The sender did not say what was done to it.
treated-removed = Burkindi took out: { $what }.
treated-left = It may still hold: { $what }.
treated-nothing = Burkindi looked through all of it and found nothing to take out.
treated-broken = Part of it could not be read. That part is as it was.
treated-unknown = Burkindi cannot look into this kind of file, and left it as it was.
treated-empty = The file is empty.
treated-signature-kept = It carries an electronic signature, which Burkindi left as it was.
treated-signature-broken = Its electronic signature is no longer valid, because Burkindi took something out.
treated-redrawn = Redrawn as a picture: only what it shows is left. Its bytes differ from the original, so that a comparison of hashes says nothing.
treated-kept = The reporter sent it as it was. It may show who the reporter is.
treated-cut-off = It could not be cleaned. It ends where that failed, and is not whole.
treated-voice-altered = Spoken on the reporter’s device, with the voice altered there. Who knows the reporter may still recognise the voice, the accent or the words.
metadata-author = a name
metadata-place = a place
metadata-date = dates
metadata-device = the device or program
metadata-words = titles or comments
metadata-preview = a second picture
metadata-history = who changed what
metadata-other = other notes
timeline-heading = What happened
timeline-signed = Each line is signed with the key of who acted, and tied to the one before.
column-when = When
column-actor = Who
column-what = What

## A case to hand on

export-heading = Export the case
export-what = You get one archive. In it are:
export-page = the case as a page that any browser shows, in the language of this page;
export-count = { $count ->
    [0] no attached file;
    [one] the attached file, as it came;
   *[other] the { $count } attached files, as they came;
}
export-log = the sealed parts with the key of each one, what happened, and the signatures;
export-log-unreadable = what happened in the case, and the signatures;
export-manifest = a signed list of all of it with the hash of each file.
export-before = Before you save it
export-warning = A person who opens the archive can read who is concerned, and what the reporter wrote. Give it only to the authority that two members decided on, and delete it afterwards.
export-unreadable = The report of this case does not open. So the archive contains neither the report nor files, messages or notes.
export-warning-unreadable = A person who opens the archive can read who did what in this case, and when. Give it only to the authority that two members decided on, and delete it afterwards.
export-files = The attached files come from an unknown sender. Open them only on a machine without a network, with a viewer that confines them, such as Dangerzone. Never by a double click.
export-verify = A recipient verifies the archive with the command burkindi verify. The command needs no key and no network, and finds each change.
export-proof = What this export proves once the command burkindi verify accepts it: on { $day }, the case handler signed that it had recorded this report. The report, the messages, the notes and the files are unchanged since they were recorded. The people named here took these actions on these dates.
export-no-proof = What it does not prove: who wrote the report, whether the report is true, whether the case handler recorded all reports, and whether more was added to the case later.
export-signature = The archive contains the signature of the secret code. If the code is found with a person, the archive shows that the report was sent with that code.
export-made = Exported by { $by } on { $day }.
export-unsealed = Nothing here is sealed any more. Delete it when you are done.
export-logged = The transparency log contains these events up to number { $event }. The log was countersigned on { $day }: members of the oversight body { $oversight }, witnesses { $witnesses }.
export-logged-alone = The transparency log contains these events up to number { $event }. When the case was exported, the log was not countersigned.
export-unopened = { $count ->
    [one] One sealed part is not opened here. The export proves only that it was recorded.
   *[other] { $count } sealed parts are not opened here. The export proves only that they were recorded.
}
export-report-unopened = This export does not open the report.
export-part-report = the report
export-part-message = a message
export-part-file = an attached file
export-part-reply = a reply
export-part-note = a note
export-seal = Seal the archive
export-seal-member = to a member, who opens it with burkindi unseal
export-seal-key = to another key, age1pq1…, whose holder opens it with the age program
export-seal-passphrase = with a passphrase, which you give the recipient in another way
export-passphrase = Passphrase of the archive
export-seal-none = not at all: anyone who gets the archive can read it
export-seal-missing = Choose how the archive is sealed.
export-recipient-wrong = This is neither a member nor a public key that begins with age1pq1.
export-do = Save the archive

## Events

event-received = report received at desk { $desk }, priority { $priority }
event-followed-up = the reporter sent something more
event-released = the oversight body can read it: { $reason }
event-claimed = took the case, declaring no conflict of interest
event-assigned = assigned the case to { $to }
event-assigned-granted = assigned the case to { $to }, with a new grant
event-recused = stepped back because of a conflict of interest
event-stage-changed = { $from } → { $to }
event-stage-changed-reason = { $from } → { $to } ({ $reason })
event-replied = answered the reporter
event-replied-feedback = informed the reporter of what was or will be done
event-note-added = added a note
event-priority-raised = raised the priority to { $priority }
event-rotation-proposed = proposed new keys
event-rotation-approved = approved the new keys
disposition-substantiated = substantiated
disposition-partly-substantiated = partly substantiated
disposition-unsubstantiated = unsubstantiated
disposition-insufficient-information = insufficient information
disposition-out-of-scope = out of scope
disposition-duplicate = duplicate
disposition-advice-given = advice given
disposition-process-fix-adopted = process fix adopted
disposition-unreadable = unreadable on arrival

## Alarms

alarm-forged = Something was forged.
alarm-unknown-actor = An unknown person signed.
alarm-forked-case = There are two different histories of a case.
alarm-wrong-proof = The proof that a case is in the log is wrong.
alarm-not-in-log = An event is not in the log after more than a day.
alarm-leaf-differs = The log does not consist of the events that the service shows.
alarm-broken-case = The chain of this case is broken.
alarm-refused-move = A signed action that the rules do not allow.
alarm-rollback = An old state is shown for the newest.
alarm-state-differs = The service shows another state than the signed events.
alarm-reordered = Messages are in another order than they were received in.
alarm-replayed = The same message came twice.
alarm-withheld = Something that should be here is missing.
alarm-unopenable = Something does not open.
alarm-came-unreadable = What was sent is unreadable or not whole. It was not altered since it was received.
alarm-called-unreadable = Colleagues call this case unreadable, and you can open it.
alarm-former-key = Something is sealed to a key that you had before.
alarm-reply-differs = What a member sent to the reporter is not what this case says.
alarm-report-grant-differs = The report came without a valid grant for one of its readers.
alarm-grant-differs = A grant does not open, or holds other keys than yours.
alarm-recipient-changed = Replies would go to another key than before.
alarm-reporter-changed = Your grants name another reporter than before.
alarm-routing-differs = What the reporter signed differs from what the service recorded.
alarm-program-unlisted = The form that sealed this is not one of the directory.
alarm-damaged = Data differ from their hash.
alarm-concurrent-messages = Two messages crossed.
alarm-former-member = A person who is no longer a member acted.
alarm-expired = The directory has expired.
alarm-clock = Dates run backwards.
alarm-missing-directory = A directory is missing in the chain.
alarm-accepted-restore = You accepted a restore of the service earlier.
alarm-log-restarted = The root keys have begun an empty transparency log.
alarm-not-read = A part did not arrive completely. It is read again later.

## Keys

keys-title = Keys
keys-heading = State of your keys
health-passphrase = Passphrase
health-folder = Folder of the key
health-backup = Backup sheet
health-membership = Membership in the directory
health-directory = Directory
health-colleagues = Colleagues
health-cases = Cases
health-passphrase-ok = Guessing your passphrase is expensive.
health-passphrase-error = Your key is not protected enough. Change the passphrase below: this encrypts the key again.
health-folder-ok = Other people of this computer cannot read the folder of your key.
health-folder-error = Other people of this computer can read the folder of your key. Restrict its permissions.
health-backup-ok = A sheet of this key was made.
health-backup-warning = There is no sheet of this key. Make one and lock it away in another building.
health-membership-ok = The directory names this key.
health-membership-error = The directory does not name this key for you. Tell the administration at once.
health-directory-ok = The directory is valid.
health-directory-warning = The directory ends soon. The administration must sign a new one.
health-directory-error = The directory has expired. Reporters cannot send reports or messages.
health-colleagues-ok = Your desk does not depend on one person.
health-colleagues-warning = You are too few: an absence or a conflict leaves a case to one person.
health-cases-ok = No case is sealed to a key that you had before.
health-cases-warning = Some cases are sealed to a key that you had before and do not open. The queue marks them. Ask the lead of your desk to propose new keys for them, and approve them: Administration, Former readers.
outcome-ok = ok
outcome-warning = to do soon
outcome-error = to repair now
keys-words = The words of your key
keys-words-what = The administration compares them with you, in person, before it adds you to the directory.
keys-refused = Refused requests
keys-refused-count = { $count ->
    [0] Since the start no unexpected request was refused.
    [one] Since the start one unexpected request was refused: from another page, for another address, or without access.
   *[other] Since the start { $count } unexpected requests were refused: from other pages, for other addresses, or without access.
}

## Administration

administration-title = Administration
administration-heading = Administration
administration-parts = Parts of the administration
administration-what = All of this is in the signed directory. A change needs the root keys, which are kept offline: “burkindi admin”.
tab-desks = Desks
tab-route = Who would read it?
tab-former = Former readers
tab-log = Log
directory-number = Directory
directory-issued = Signed
directory-until = Valid until
route-heading = Who would read this report?
route-what = The same decision that the reporter’s device makes, step by step. Nothing is sent.
route-category = Category
route-audience = Reported by
route-excluded = Who must not receive it
route-do = Try
route-desk = Desk: { $desk }.
route-reads = Read at once by { $who }.
route-steps = Step by step
route-idle = Exclusions without effect: { $units }.
route-without = Without access, and why
route-all = Every category
route-all-what = Reported by those who usually do, with nobody excluded.
route-all-show = Show the table
route-readers = Read it at once
route-locked = Access locked
step-other-audiences = { $desk } takes this category, but only from: { $audiences }.
step-no-desk = No desk takes this category: it goes to the oversight body.
step-desk = The category belongs to the desk { $desk }.
step-nobody-excluded = { $count ->
    [one] The reporter excluded nobody there; one person sits there.
   *[other] The reporter excluded none of its { $count } members.
}
step-excluded = The exclusions keep away { $who }. Members left: { $left }.
step-too-few = There must be at least { $minimum }: it goes to the oversight body.
step-routed = It goes to the desk { $desk }, and { $who } can read it at once.
step-locked = The oversight body ({ $who }) gets a locked access. It opens when a deadline is missed, when fewer than two members of the desk can read the report, or when the reporter or a member asks.
without-unit = belongs to a unit that the reporter excluded: { $unit }
without-excluded-desk = is a member of a desk that the reporter excluded: { $desk }
without-desk-of-unit = is a member of the desk { $desk }, which belongs to a unit that the reporter excluded: { $unit }
without-trust = the reporter trusts the oversight body alone
without-went-to = the own desk cannot take it; it went to { $desk }
without-membership = is not a member of the desk { $desk }
former-heading = Cases that former readers can still open
former-what = A person left, or has another key. What they read stays read; new keys protect new messages from them. You propose new keys, and another reader approves them.
former-none = No former reader can open a case of yours.
column-former = Can still open it
former-left = has left
former-old-key = with an old key
former-declare = Declare first, on the page of the case.
former-closed = The case is closed: no new messages come. Make new keys if it is reopened.
former-others = The assignee, the lead of the desk or the oversight body can do it.
former-all = Propose new keys for { $count } cases
former-pending = Another proposal waits for a second person first.
former-proposed = New keys are proposed and wait for a second person.
former-approve-heading = New keys that wait for your approval
former-approve-what = Your program opens your new key, makes every other one again and compares them before it approves.
former-approve-all = { $count ->
    [one] Approve it if it leaves out no member
   *[other] Approve all { $count } that leave out no member
}
former-look = See who reads on
rotation-heading = New keys for case
rotation-readers = Can read new messages
rotation-oversight = Oversight body
rotation-oversight-later = They can read the case only after it is released to them.
rotation-left-out = Left out
rotation-left-out-what = Access to this case ends permanently for them. What they read stays read.
rotation-none = No member of the directory
rotation-checked = If you approve, your program checks each new key first. If one is wrong, nothing is approved.
rotation-failed = Nothing was approved
rotation-otherwise = Do not approve, or withdraw
former-failed = Not done for these cases
done-renewed = The new keys are approved and in effect.
done-proposed-keys = New keys are proposed. Another reader approves them.
log-heading = Is the log whole?
log-whole = Every new entry of the log is opened: is it signed by its author, does it continue its case, and do the rules allow it? If nothing is wrong, you countersign the log. The first time this can take a while.
log-own = The events of your cases are checked: are they chained, signed by their authors, allowed by the rules, and proved to be in the log? The oversight body verifies the whole log.
log-verify = Verify
log-holds = All signatures, chains, case rules and proofs are valid.
log-does-not-hold = ALARM: do not act on unverified data. Tell the oversight body and the administration.
log-wrong = What is wrong
log-notices = Worth knowing
log-events = Events
log-root = Root of the log:
log-countersigned = Countersigned by the oversight body on
log-not-countersigned = Not countersigned by the oversight body yet.
log-copy = A copy that can be verified elsewhere
log-copy-what = It contains who did what to which case and when, and nothing of their content. Keep it where only you can read it. It is verified without a key: “burkindi audit verify --file FILE --trust trust.json”.
log-copy-do = Save a copy
desks-heading = Desks
members-heading = Members
column-members = Members
column-categories = Categories
column-audiences = Audiences
audiences-all = all
column-member = Member
column-units = Belongs to
column-languages = Languages

## Help

help-title = Help
help-heading = Help
help-keys = On the keyboard
help-keys-what = These keys act outside of fields.
help-key = Key
help-does = Does
help-rows = next case, case before
help-open = open the chosen case
help-queue = list of cases
help-up = from the case up to the list
help-tabs = pages of the case
help-help = this page
help-shortcuts = Single keys act
help-keep = Keep this choice
help-safety = What protects you
help-idle = { $count ->
    [one] After a minute without activity the key is wiped from memory and the screen locks.
   *[other] After { $count } minutes without activity the key is wiped from memory and the screen locks.
}
help-one-browser = One browser is signed in at a time, by a link that works once.
help-files = You can view images here without danger. Any other file belongs on a machine without a network.
help-print = A printed case is no longer sealed. Lock it away.
done-kept = Your choice is kept.

## Messages

tab-messages = Messages
tab-notes = Notes
week = week of { $day }
messages-heading = Messages
messages-none = No message yet. The first answer is due within seven days, or on the next working day after them.
message-ours = To the reporter
message-theirs = From the reporter
message-seen = seen
message-unseen = not known to be seen
message-dropped = never seen, and removed from the mailbox
message-earlier = About the same matter as another report of this person, which is proven:
message-earlier-hidden = About the same matter as another report of this person, which you cannot read.
write-heading = Write to the reporter
write-lang = Language of the message
write-template = Template
write-insert = Insert
write-text = Message
write-care = A person who finds the secret code can read this message. Ask for facts, never for the reporter’s identity. Repeat no name, no number, none of their words.
write-send = Send
write-check-again = Check again and send
write-anyway = Send anyway
risks-heading = This message was not sent
risks-what = Write it in another way, or send it anyway if you are certain.
risk-asks-who = It asks who they are, or for contact in another way.
risk-number = It repeats a number that they gave: { $words }.
risk-name = It repeats a name that they gave: { $words }.
risk-quotation = It repeats their own words: “{ $words }”.
risk-displaces = { $count ->
    [one] The mailbox is full: by this answer, an earlier one that the reporter has not seen is lost.
   *[other] The mailbox is full: by this answer, { $count } earlier ones that the reporter has not seen are lost.
}
text-empty = The text is empty.
text-too-long = The text is too long by about { $count } characters. Send it in two parts.
text-overtaken = Something happened in this case while you were writing, and your text was not sent. Read what is new, change your text if need be, and send it.
text-unfilled = There is still a gap to fill in: { $gap }
done-replied = The message is in the mailbox. The reporter finds it at the next visit.
unlock-kept = The workbench had locked itself. Your text is kept: unlock to go on.

## Notes

notes-fact = Facts
notes-hypothesis = Hypotheses
notes-task = To do
notes-transcript = Transcripts
notes-none-fact = Nothing established yet.
notes-none-hypothesis = No hypothesis.
notes-none-task = Nothing to do.
note-heading = Add a note
note-kind = It is
note-fact = an established fact
notes-reason = Reasons of actions
note-hypothesis = a hypothesis
note-task = a task
note-transcript = a transcript of a recording
note-kind-missing = Choose what it is: a fact, a hypothesis, a task or a transcript.
note-text = Note
note-sealed = Sealed to this case. Who can read the case can read the note; the reporter cannot.
note-add = Add
done-noted = The note is added.

## Search

search-title = Search
search-words = Words to look for
search-how = Beginnings of words are enough. "in quotes": together. -word: without it. Accents and letter case do not count.
search-since = Received on or after
search-do = Search
search-any = any
search-no-words = Type at least one word, or choose a category, stage, desk or day.
search-undeclared = { $count ->
    [one] One of your cases was not searched: you have not declared in it.
   *[other] { $count } of your cases were not searched: you have not declared in them.
}
search-found = { $count ->
    [0] Nothing found in the cases that you can read
    [one] One case found
   *[other] { $count } cases found
}
column-assignee = Assignee
column-category = Category
alarms-found = While the cases were read, this was found
tab-related = Related
related-heading = Cases that could be about the same
linked-heading = Linked cases
related-none = No related case among the cases that you can read.
relation-file = the same file is attached
relation-number = the same number: { $values }
relation-place = the same subject at the same place: { $values }
relation-words = rare words: { $values }
help-search = search
help-write = write a message, a note

## Acts

tab-actions = Act
stage-purged = destroyed
deadline-kind-challenge = decide on a conflict of interest
deadline-kind-reopen = answer or reopen
release-desk-asked = a member of the desk asked for it
release-referral = it decides on a referral
release-unreadable = two members closed it as unreadable
declare-heading = Before you open it: have you a conflict of interest?
declare-what = Before you answer, you see the subject, the place, whom it concerns and what the reporter asks for, and nothing else. The answer is signed and stays in the log. There is a conflict if:
declare-kin = a relative, a friend or an opponent of yours may be concerned;
declare-work = your unit, your superior or a subordinate may be, or you yourself;
declare-gain = you could gain or lose something by it.
declare-told = What the report says about this
declare-wishes = What the reporter asks for
declare-wishes-what = Think of it before you open the case: a colleague may be the better person to take it.
declare-claim = I have none, and take the case
declare-challenged = A colleague claims that you have a conflict of interest. Until this is decided, nothing of the case is shown: you can only step back.
declare-conflict = I have a conflict of interest
act-declare = I have no conflict of interest: open
act-claim = Take the case
claim-declares = By taking it you declare to have no conflict of interest.
act-assign = Assign
assign-to = Assign the case to
routing-heading = To whom would it be suggested?
routing-what = The first available member: those who read the reporter’s language come first, then those with the smallest workload, then the smallest tie breaker. Nothing is changed here.
routing-nobody = No member of the desk can take it.
routing-there = available
routing-away = absent until { $day }
routing-reads = yes
routing-reads-not = no
routing-load = An open case counts 4 for P1, 3 for P2, 2 for P3, 1 for P4. Only cases that you can see are counted here.
column-there = Available
column-reads = Reads the language
column-load = Workload
column-tie-breaker = Tie breaker
act-escalate = Give the oversight body access
act-recuse = Step back
confirm-recuse = You lose access to the case permanently. Delete what you saved of it.
act-challenge = Claim a conflict of interest
act-what-challenge = Until it is decided, this person can only step back. Write the reason in a note.
challenge-claimed = A conflict of interest of { $who } is claimed.
challenge-upheld = There is one: remove the access
challenge-dismissed = There is none
acts-who = Assignee
acts-stage = Stage and priority
acts-two = With a second person
acts-two-what = One person proposes, another approves exactly this proposal.
first-read = Before closing: the reporter has an unhandled message.
first-answer = Before closing: answer the reporter.
first-feedback = Before closing: tell the reporter what was done, and why. That is “the feedback”, on the page Messages.
first-retention = The content can be destroyed from { $day } on.
act-triage = Finish the triage
act-assess = Begin the assessment
act-investigate = Open the investigation
act-decide = Decide
act-take-back = Take the case back
act-follow-up-referral = The referral was followed up
act-reopen = Reopen
act-mark-handled = The reporter’s messages are handled
act-hold = Place a legal hold: forbid its destruction
act-raise = Raise the priority to
raise-do = Raise
act-link = Link with another case
link-how = The first characters of its number. A reader of one case must be able to read the other.
link-do = Link
act-propose-close = Close
duplicate-of = For a duplicate: the other case about the same matter
propose-do = Propose
act-propose-lower = Lower the priority
act-propose-refer = Refer it to an authority
decision-duplicate = the matter is in case { $case }
decision-consent = the reporter agrees: { $how }
decision-consent-asked = the reporter was asked, and agreed in message { $message }
act-propose-lift-hold = Allow its destruction again
act-propose-purge = Destroy the content
refer-to = To whom
refer-consent = The reporter agrees
refer-message = Number of the message that agrees
consent-summary = to a summary, in the report
consent-full = as written, in the report
consent-asked = was asked, and agreed in a message
consent-law = not, but a law demands it
authority-prosecutor = public prosecutor
authority-police = police or gendarmerie
authority-anti-corruption = authority against corruption
authority-audit = court of audit or state inspection
authority-ombudsman = ombudsman
authority-administration = another administration
proposed-by = { $who } proposes:
proposed-waits = Another person must approve.
act-approve = Approve
act-decline = Do not approve
act-what-decline = The proposal ends.
reason-label = Reason
reason-how = The reason is a note, sealed to the case.
act-withdraw = Take the proposal back
act-propose-rotation = Propose new keys
act-approve-rotation = Approve the new keys
act-resolve-challenge = Decide about the claimed conflict of interest
act-reply = Send a message to the reporter
act-renew = Extend the investigation by 90 days, with the reason
act-note = Add a note for the team
act-propose-unreadable = Close it as unreadable
rotate-what = Another reader must approve the new keys. A person who is left out then cannot read new messages. What was read stays read.
rotate-without = Leave out
reason-disciplinary = disciplinary measure
reason-prosecution = criminal prosecution
reason-recovery = recovery
reason-other-measure = another measure
reason-disproved = the facts are others
reason-no-evidence = nothing found, for or against
reason-too-vague = too vague to check
reason-no-answer = no answer to the questions that are needed
reason-not-integrity = not about integrity
reason-other-body = for another body
reason-same-matter = another case is about the same matter
reason-answered = the question was answered
reason-procedure = a procedure was changed
reason-training = people were trained
reason-system = a system was changed
choose = Choose…
confirm-heading = { $act }: are you sure?
confirm-not = No, go back
confirm-escalate = The oversight body will be able to read this case from now on. This access cannot be withdrawn.
confirm-hold = Nothing of this case can be destroyed until two persons lift the hold.
confirm-approve-purge = Report, files, messages and notes of this case are destroyed and cannot be recovered. The events stay in the log.
confirm-propose-refer = With the proposal the oversight body can read this case. This access cannot be withdrawn.
confirm-resolve-challenge = Access to this case ends permanently for: { $who }.
confirm-propose-rotation = After the approval, access to this case ends permanently for: { $who }.
confirm-approve-rotation = Access to this case ends permanently for: { $who }.
reason-received-unreadable = it does not open, as it was collected
done-acted = Done, signed and in the log.
done-proposed = You proposed to close the case as unreadable. Another person who cannot open it approves.
done-unreadable = The case is closed as unreadable. The oversight body has it now, and tries its own key.
done-declared = Your declaration is signed and in the log.
done-gone = Done. You have no access to the case any more.
write-purpose = This message is
purpose-message = a question or news
purpose-feedback = the final feedback: what was done, and why
purpose-renew = the announcement of 90 more days of investigation, with the reason
event-declared = declared to have no conflict of interest
event-challenged = claimed a conflict of interest of { $who }
event-challenge-resolved-yes = found a conflict of interest: { $who } has lost the case
event-challenge-resolved-no = found no conflict of interest of { $who }
event-reopened-reporter = opened the case again: the reporter wrote
event-reopened-new-evidence = opened the case again: there is new evidence
event-proposed-close = proposed to close it: { $disposition } ({ $reason })
event-approved-close = approved the closing: { $disposition } ({ $reason })
event-proposed-lower = proposed to lower the priority to { $priority }
event-approved-lower = approved lowering the priority to { $priority }
event-proposed-refer = proposed to refer it: { $to }
event-approved-refer = approved the referral: { $to }
event-proposed-lift-hold = proposed to lift the legal hold
event-approved-lift-hold = approved lifting the legal hold
event-proposed-purge = proposed to destroy the content
event-approved-purge = approved destroying the content
event-withdrawn = took the proposal back
event-declined = did not approve the proposal; a note says why
event-deadline-extended = extended the investigation by 90 days, and told the reporter why
event-marked-handled = marked the reporter’s messages as handled
event-referral-followed-up = followed up the referral
event-linked = linked it with case { $to }
event-escalated = gave the oversight body access
event-legal-hold-placed = placed a legal hold

## First steps

start-title = First steps
welcome-heading = Welcome to the workbench
welcome-what = There is no key on this computer yet. The key opens the cases that you can read, and it never leaves your hands.
welcome-new = I begin
welcome-new-what = You make your key and choose the passphrase that protects it.
welcome-new-do = Make my key
welcome-again = I have a backup sheet
welcome-again-what = You have another computer, or the old one broke: restore your key from the printed sheet.
welcome-again-do = Restore my key
welcome-lost = The key is lost, the passphrase forgotten or the computer stolen? Tell the administration and the lead of your desk, then make a new key with the same handle.
make-heading = Make your key
make-what = Ask the administration for your handle, then choose a passphrase.
make-handle = Handle
make-handle-how = It reveals nothing about you: no name, no initials. For example inspector-3.
make-handle-wrong = A handle has 1 to 32 characters: letters from a to z, digits, hyphens.
make-do = Make my key
passphrase-new = New passphrase
passphrase-new-how = At least twelve characters. Five or six random words are best.
passphrase-again = The same, again
passphrase-idea = Suggest one
passphrase-idea-what = Six random words. Learn them by heart; they cannot be shown again.
passphrase-lost = A forgotten passphrase cannot be recovered, neither by the administration nor by the authors of this program.
passphrase-short = The passphrase is too short: at least twelve characters.
passphrase-guessable = The passphrase is easily guessed. Take five or six random words.
passphrase-differ = The two passphrases are not the same.
passphrase-works = One moment…
strength-short = Too short
strength-guessable = Easily guessed
strength-good = Good
strength-great = Very good
passphrase-heading = Change the passphrase
passphrase-what = Change it if another person may have seen you type it. Older sheets and copies still open with the old one: destroy them, and make a new sheet.
passphrase-old = Present passphrase
passphrase-old-wrong = The present passphrase is wrong.
passphrase-do = Change
restore-heading = Restore your key
restore-what = Scan the text on your backup sheet, or type it.
restore-file = Scanned file, or saved page
restore-sheet = Or the text of the sheet
restore-sheet-how = From -----BEGIN to END … -----. Spaces and line ends do not count.
restore-do = Restore my key
restore-stolen = If the old computer was stolen, do not restore this key: make a new one, and tell the administration.
restore-no-key = There is no encrypted key in this text. It begins with -----BEGIN AGE ENCRYPTED FILE-----.
restore-miscopied = The text is not complete, or a letter is wrong. Compare it with the sheet, line by line.
restore-passphrase = The passphrase does not open this sheet. Use the passphrase of the day on which the sheet was printed.
start-heading = Your first steps
start-pause = You can stop here and come back: what is done stays done.
step-done = done
step-key = Your key
step-key-what = It is on this computer, sealed under your passphrase.
step-sheet = The backup sheet
step-sheet-what = Without it, a broken disk takes your key away. Print it, and lock it away in another building.
step-sheet-do = Backup sheet
step-membership = Your membership
step-membership-what = Bring this file to the administration, in person, and read your twelve words aloud. Theirs must be the same. If not, stop: the key was replaced on the way.
step-membership-do = Save request.json
step-connect = The connection
step-connect-what = Has the administration signed the directory? It gave you an address and two files, ca.pem and trust.json.
step-connect-do = Connect
step-connect-pinned = Case handler: { $handler }
step-connect-again = Try to sign in
step-connect-other = Another service
connect-title = Connection
connect-heading = Connect to the case handler
connect-what = The address and the two files come from the administration.
connect-address = Address
connect-address-wrong = This is not an address. It begins with https://.
connect-ca = File ca.pem
connect-ca-wrong = This file is not a certificate. It is called ca.pem.
connect-trust = File trust.json
connect-trust-wrong = This file does not contain the trusted keys. It is called trust.json.
connect-next = Continue
compare-heading = Compare these twelve words
compare-what = They are the words of the installation. They are on posters, and on the page “Protection” of the reporting site. Compare them word by word.
compare-until = The service answers, and its directory is signed. It is valid until { $day }.
compare-same = They are the same
compare-differ = They differ
compare-stop = If they differ, stop here, and tell the oversight body: another service is posing as this one.
sheet-heading = Backup sheet
sheet-what = Print this page. The passphrase is not on it, and must never be.
sheet-print = Print
sheet-made = It is printed and locked away
sheet-after = Print on a device that you trust, not on a shared printer. The sheet opens with the present passphrase: if you change it, burn the sheet and print another one.
done-made = Your key is made.
done-restored = Your key is restored. This computer has no record of earlier states: compare the words with a poster when you connect.
done-sheet = The backup sheet is recorded.
done-passphrase = The key is sealed under the new passphrase. Make a new sheet, and burn the old one.
done-connected = The workbench is connected.
keys-sheet = Backup sheet
keys-passphrase = Passphrase
keys-passphrase-what = Change it if another person may have seen you type it.
keys-device = Another computer
keys-device-sheet = Have your backup sheet at hand.
keys-device-new = On the new computer start “burkindi serve”, and choose “I have a backup sheet”.
keys-device-old = On the old one delete what you saved of cases, and this folder:
keys-lost = Key lost, passphrase forgotten, computer stolen
keys-lost-tell = Tell the administration and the lead of your desk today.
keys-lost-new = On a clean computer make a new key with the same handle, and bring it to the administration.
keys-lost-cases = Your colleagues give you access to your cases again; after a theft they make new keys for each.

## Absences

absence-title = Absences
absence-heading = Absences
absence-what = Absent members get no new suggestions. Their cases stay assigned: before you leave, assign urgent cases to a colleague.
absence-none = No member of your desks is absent
absence-list = Absent now
absence-until = until { $day }
absence-back = End the absence
absence-back-of = End the absence of { $who }
absence-say = Announce an absence
absence-member = Who
absence-last = Last day of the absence
absence-do = Announce
absence-day-wrong = Choose a day between today and sixty days from now. For a longer absence the administration removes you from the directory.
done-absence-set = The absence is announced.
done-absence-cleared = The absence is ended.

## Reading the cases

reading-heading = Your cases are being read
reading-what = The search opens and verifies them here, on this computer. The first time this takes a while; later only what is new is read.
reading-progress = { $done } of { $of } cases
reading-leave = You can use other pages and come back: reading continues where it was.

## Refusals

cause-file = The file { $path } cannot be read or written.
cause-file-exists = The file { $path } already exists. Nothing was replaced.
cause-file-missing = The file { $path } was not found.
cause-trust-state = The file { $path } is damaged. It records what this computer has seen, so that an older state is detected. After a power cut: move this file to another place and connect again. If there was no power cut, tell the administration first.
cause-file-malformed = The file { $path } is not readable.
cause-unreachable = No answer, or an answer from another service than the expected one.
cause-incomplete = The answer of the service ended before its end.
cause-unexpected = The service sent an unexpected answer.
cause-directory = The service’s directory is not accepted.
cause-directory-unsigned = Too few trusted keys signed the directory. Perhaps the file trust.json is of another installation.
cause-directory-other = The directory is of another installation.
cause-directory-expired = The directory expired on { $day }.
cause-directory-not-yet = The directory is dated { $day }, after today. Check the date of this computer.
cause-directory-rolled-back = The service shows an older directory than was seen before.
cause-directory-chain = A directory is missing in the chain.
cause-directory-two = The service returned two different latest directories.
cause-no-case = None of your cases begins with { $prefix }.
cause-ambiguous = Several of your cases begin with { $prefix }. Give more characters.
cause-prefix = Give at least the first four characters of a case’s number.
cause-grants = None of your grants for this case opens.
cause-former-key = This case is sealed to a key that you had before. Ask the lead of your desk to propose new keys, and approve them: Administration, Former readers. Or ask the assignee: Act, Assign the case to { $who }. If you lead the desk, the administration names another lead first.
cause-other-case = The service returned another case than the requested one.
cause-purged = The content of this case was destroyed on { $day }. Only its history is left.
cause-unreadable = This report does not open. It was sent like this, or it was altered before the case handler received it. Nothing was altered since.
cause-unreadable-closed = This case did not open, and two colleagues closed it as unreadable. The oversight body has it.
unreadable-what = If a colleague cannot open it either, close it, each of you. With the second one the oversight body gets the case. This cannot be taken back.
unreadable-close = Close it as unreadable
cause-readable = You can read this case: triage it, and close it as any other.
cause-not-purged = The service says that the content is destroyed, but the signed history does not.
cause-unverified = The history of this case failed verification: nothing can be added to it.
cause-alerts = This case has alarms. Check them before you make new keys for it.
cause-excluded = The reporter excluded { $who }, or their desk.
cause-no-report = The report cannot be read, so its exclusions are not known.
cause-expired = The directory expired on { $day }. No access is given before the administration signs a new one.
cause-not-in-directory = { $who } is not in the directory.
cause-sealing = The text cannot be sealed to the reporter.
cause-oversight-stays = { $who } is a member of the oversight body and cannot be left out.
cause-assignee-stays = { $who } is the assignee. Assign the case to a person who keeps access first.
cause-newest-grant = You have no access to the newest keys of this case. Ask a colleague for it before you write.
cause-event = { $who }: { $what }.
cause-conflict = Another person acted before you. Your action was not recorded.
cause-consent-refused = The reporter wants no other authority, unless a law demands it. Ask in a message, or name the law.
cause-consent-summary = The reporter agreed to a summary only.
cause-consent-not-asked = The reporter did not agree. Ask, and give the number of the message that agrees.
cause-consent-no-message = No message of the reporter has this number.
cause-rotation = The new keys were not approved: they are outdated or wrong. Decline them. If no reply and no change of readers explains it, tell the oversight body.
cause-leaves-out = The new keys leave out { $who }. Look at the case and decide there.
cause-no-holder = { $who } has no access to this case.
cause-not-recorded = The service acknowledged another action than the one that you signed. Yours may not have been recorded.
cause-not-chosen = Nothing was chosen. Nothing was signed.
cause-unseen = The reporter has messages that you have not opened yet ({ $count }). Open Report and Messages first. Nothing was signed.
cause-index = The search failed.
cause-sheet-too-long = The file of the key is too long for a sheet.
problem-unauthorized = The service does not know you, or not yet: the administration must sign a directory with your key.
problem-not-found = This case does not exist, or you have no access to it.
problem-purged = The content of this case is destroyed. Only its history is left.
problem-damaged-part = A stored part of this case is damaged. The operator of the service must restore a backup.
problem-oversight-only = Only the oversight body reads the whole history.
problem-no-directory = No directory has been published yet.
problem-malformed = The service did not accept the request. The workbench and the service may have different versions.
problem-stale = Another person acted before you. Your action was not recorded.
problem-checking = The service has just started and checks its history. Try again in a minute.
problem-clock = The clock of the service jumped ahead. Nothing is decided until its operator has checked it.
problem-late = The request took too long. Check whether your action was recorded, then try again.
problem-internal = The service failed. Check whether your action was recorded, then try again.
rule-stale = Another person acted on this case before you.
rule-handler-only = Only the service records this.
rule-person-only = Only a person can do this.
rule-beginning = A case begins with a report.
rule-recused = This person has stepped back from this case.
rule-undeclared = Declare first that you have no conflict of interest, or step back.
rule-declared = The declaration was made already.
rule-challenged = A conflict of interest is claimed. Until it is decided, this person can only step back.
rule-not-challenged = No conflict of interest of this person is claimed.
rule-own-conflict = You cannot claim or decide a conflict of interest of your own. Step back.
rule-unassigned = The case needs an assignee first.
rule-assignee-only = Only the assignee can do this.
rule-desk-only = Only members of the desk, or the oversight body, can do this.
rule-lead-only = Only the lead of the desk, or the oversight body, can do this.
rule-referral-role = The lead of the desk and the oversight body decide on a referral together.
rule-one-lead = One of the two must lead the desk, or be a member of the oversight body.
rule-no-such-move = A case does not go from this stage to that.
rule-stage = Not allowed at the present stage of the case.
rule-two-persons = One person proposes, another approves.
rule-same-person = You cannot approve your own proposal: it takes another person.
rule-not-proposed = This has not been proposed.
rule-pending = Another proposal is open. Approve it or take it back first.
rule-feedback-first = Tell the reporter first.
rule-unread = The reporter has an unhandled message.
rule-readable = A colleague has opened this case: it is not unreadable.
rule-reason = This reason does not go with this outcome.
rule-not-a-code = A reason here is a code: at most 32 small letters, digits and hyphens.
rule-duplicate-of = A duplicate names the other case about the same matter; no other outcome names one.
rule-only-raise = One person alone can only raise the priority.
rule-only-lower = The priority is not lower than it is now.
rule-another-investigator = A reopened case goes to another person than before.
rule-reporter-did-not-ask = The reporter did not write within 180 days of the closing.
rule-released = The oversight body can read this case already.
rule-not-missed = No deadline was missed.
rule-held = The case is under legal hold.
rule-not-held = The case is not under legal hold.
rule-retention = The retention of the case is not over.
rule-linked = The cases are linked already.
rule-rotation = The new keys do not follow the present ones.
rule-readers-changed = The readers of the case have changed since the keys were proposed. Take the proposal back, and propose new keys again.
rule-absence-lead-only = Only the lead of a desk sets an absence of another member.
rule-absence-past = The last day of an absence must not be in the past.
rule-absence-too-long = An absence lasts sixty days at most.
