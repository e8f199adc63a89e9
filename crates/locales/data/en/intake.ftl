### The reporter's pages. Plain words, fifteen words a sentence at most.

## Frame

skip = Go to the content
leave = Leave this site
languages = Languages
back = Back
change = Change
cover = Hide it
required = (required)
footer-kept = This site does not ask your name, and keeps no internet address and no cookie.
protect-link = How we protect you
step = Step { $number }/{ $last }
seal = Our site receives what you write, then locks it before storing it.
seal-short = Our site reads what you write, then locks it.
emergency = Is a life in danger? Call { $number } first.

## Spoken help

listen-size = { $size } MB
listen-off = Stop the spoken help
listen-item = Listen:
listen-stop = Stop
listen-wait = The sound is on its way. It can take some minutes.
listen-ready = Tap a loudspeaker. People near you may hear it: use earphones.
listen-failed = The sound did not arrive. Check the connection, then try again.
listen-unsupported = This browser cannot play the sound.

## Dates

date-day = { $day } { $month } { $year }
date-first = 1 { $month } { $year }
date-week = week of { $day }
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December

## Home

home-title = Welcome
home-heading = A problem at customs? Say so.
home-lead = No account. Your name is not needed.
home-promise-who = You choose who must not see it.
home-device = Use your own phone, not the office network.
home-held = Papers held? Politely ask for the official tariff.
home-report = Report
home-return = Follow my report
home-advice = Ask for advice
home-learn = What would you do?
home-outside-what = Outside customs:

## Learn

learn-title = Learn
learn-heading = What would you do?
learn-lead = Short situations from daily work at customs. Tap an answer to see what happens.
learn-untracked = Your answers do not leave your device.
learn-what = What would you do?
learn-sound = A good choice.
learn-unsound = Not the best choice.
learn-seen = Have you seen something like this? The subject to choose:
learn-report = Report it

## Before you start

before-device = Use your own phone or computer.
before-device-why = Not one that belongs to your work.
before-network = Stay off the office network.
before-network-why = Office Wi-Fi can show who opened this page.
before-photos = Photos and files can give you away.
before-photos-why = They often contain the place, the date or the name of the device.
before-danger-why = This site is not an emergency service.
before-limit-facts = A fact that few people know can point to you.
before-limit-history = Your phone may remember that you came here. Use a private window.

## Choosing

audience-heading = Which describes you best?
audience-hint = It helps choose the team, and is sent with what you write.
subject-title = Step 1
subject-heading = What is it about?
case-title = Step 2
case-heading = Which case is most like it?
choose-unsure = I am not sure
choose-advice = I want advice
tell-title = Step 3
advice-tell-title = Advice, step 2
advice-review-title = Advice, step 3
tell-heading-advice = Ask your question
tell-quick = If you know
tell-speak = Or speak
tell-facts = Add details
facts-title = Details
facts-heading = Details that help
facts-hint = Answer what you can. Leave the rest empty.
facts-you = You

## Questions

questions-where = Where and when
questions-what = What happened
questions-who = The people concerned
questions-exclude = Who must not see your report
questions-you = Your safety and what happens next
questions-few = A few facts
gentle-heading = You set the pace
gentle-pace = Tell us only what you want today. You can leave any question empty.
gentle-later = You may send very little. With your secret code you can add more later.
gentle-fault = What was done to you is not your fault.
gentle-support = Someone to talk to
questions-review = Continue
questions-back = Press “{ questions-review }” before the Back button of your device. Otherwise this text is lost.
questions-keep = Keep this page open, or keep a draft. Otherwise, what you have written is lost.
no-answer = Choose
radio-none = No answer
only-if = Only if you answered “{ $answers }” to “{ $question }”
list-or = {" or "}
period-date = Give a date
period-words = A date, or for example “early May”
guarded-anyway = I still want to give it
format-example = Example: { $example }

## What is wrong

wrong-title = {"Error: "}
wrong-heading = There is something to correct
wrong-choice = This choice is no longer available. Please choose again.
wrong-option = Choose one of the answers in the list.
wrong-story-missing = Write a few words. One sentence is enough.
wrong-message-missing = Write a message, or add a file.
wrong-receipt-missing = Enter your secret code, or your twelve words.
wrong-receipt = We do not recognise this code. Compare each character with what you noted.
wrong-receipt-word = The word “{ $word }” is not in the list.
wrong-receipt-place = Word { $place }, “{ $word }”, is not in the list.
wrong-receipt-near = The nearest is “{ $near }”.
wrong-receipt-take = Use “{ $near }”
wrong-receipt-words = There are { $count } words of 12. Compare with what you noted.
wrong-receipt-length = There are { $count } characters of 28. Compare with what you noted.
wrong-receipt-group = Group { $group } has { $count } characters instead of 4. Compare it with what you noted.
wrong-receipt-character = In group { $group }, the sign “{ $sign }” is in no code. Compare with what you noted.
wrong-receipt-code = A character is wrong, or two are swapped. Compare each group with what you noted.
wrong-receipt-order = All twelve words exist, but one is wrong or two are swapped. Compare each word and their order.
wrong-receipt-two = This contains two different secret codes. Leave only one.
wrong-receipt-file = We find no secret code in this file. Copy the code by hand.
wrong-earlier = This is not the secret code of another report. Correct it, or leave it empty.
wrong-earlier-nothing = There is nothing yet with the other secret code. Try again tomorrow.
wrong-earlier-damaged = The messages of the other report are damaged. Contact: { $contact }.
wrong-long = This is too long. The limit is { $limit } characters.
wrong-format = Write the answer as in the example.
wrong-much = This is too much for one form. Please shorten your text.
wrong-text = Some characters cannot be read. Delete them and try again.

## Review

review-title = Step 4
review-heading = Check it, then send it
review-warnings = This could point to you
review-warnings-what = You decide. Hide it, change it, or leave it as it is.
review-hint = Also read: your files, language, day of arrival and way of locking.
readers-heading = Who will read it
readers-count = { $count ->
    [one] 1 person
   *[other] { $count } people
}
readers-exclude = Exclude someone
readers-only = Only their computers open it.
readers-idle = nobody in the team for this subject is listed there. So this choice removes nobody.
readers-later = Later this authority can read it too: { $body }. That happens if a deadline is missed, or if too few of the team are left. You and the team can also ask for it. The team can also give it to another person whom you did not exclude.
readers-cases = And later?
readers-refused = You did not say yes: this authority cannot open it, { $body }. Only the team sees if a deadline is missed.
readers-none-left = You have excluded too many people. No team at customs can read it.
readers-oversight = It goes straight to this authority, outside customs: { $body }.
readers-refused-alone = You did not say yes to this authority: { $body }. So nobody is left to read it. To send it, change an answer.
readers-allow = Allow this authority: { $body }
readers-exclude-fewer = Exclude fewer people
review-danger = If someone is in danger now, call { $number } first.
review-category = Subject
review-audience = You are
review-send = Send my report
review-send-advice = Send my question
review-wait = Sending can take a minute or more.
files-heading = Photos or files
files-warn = A file can show who you are.
files-hint = Add files last.
files-cuts = If your connection often fails, send the text first, without files. Add them later, one by one, with your secret code.
files-how = How we clean them
files-again = Choose your files again.
files-clean = Before we lock your files, we remove hidden places, devices, dates and names. We also rename them.
files-unclean = We cannot clean: .doc, .xls, .ppt, .rtf, .tif, .ogg, .zip, .vcf, .ps, mails, web pages, and kinds that we do not know. They are sent as they are. Cleaning a signed file makes its signature invalid.
files-keep = Keep my files exactly as they are.
files-keep-why = They may then show who you are.
guard-receipt = A secret code. Whoever reads it can open our replies:
guard-phone = A phone number:
guard-email = An e-mail address:
guard-name = Perhaps your name:
guard-declaration = A number that identifies one file:
guard-vehicle = A vehicle or container number:
guard-time = An exact time:
guard-date = An exact date:
guard-tax = A tax number:
guard-identity = The number of an identity document:
guard-function = A job that few people have:
guard-only-me = Few people know this. They could guess that it is you.

## What files tell

file-looking = Checking it on your device…
file-redrawn = Redrawn on your device. Place, dates and device are gone.
file-reduced = Redrawn smaller on your device. Place, dates and device are gone.
file-full-size = Keep the original size
file-failed = We could not clean this picture. It may show who you are.
file-as-it-is = Send it as it is
file-kept = It will be sent as it is, as you chose. It may show who you are.
file-left-out = Do not send it
file-choose = Decide about { $what }: send this picture as it is, or do not send it.
file-unknown = We cannot check everything in this file. It may show who you are.
file-unreadable = We cannot examine this file. Perhaps the connection was cut, or the file was moved, changed or deleted.
file-unreadable-choose = We cannot examine { $what }. Choose it again, or leave it out.
file-again = Choose it again
scrubbed-heading = What we did with your files
scrubbed-image = Picture { $number }
scrubbed-document = Document { $number }
scrubbed-audio = Recording { $number }
scrubbed-video = Video { $number }
scrubbed-file = File { $number }
scrubbed-removed = Taken out: { $what }.
scrubbed-left = It may still contain: { $what }.
scrubbed-nothing = We found no hidden trace. Check what it shows.
scrubbed-kept = Sent as it was, as you chose.
scrubbed-broken = Part of it could not be read, and was sent as it was.
scrubbed-unknown = We cannot check this kind of file. It was sent as it was.
scrubbed-failed = We could not clean this file. Not all of it was sent. Come back with your secret code to send it as it is. It may then show who you are.
scrubbed-empty = This file is empty.
scrubbed-signed = It carries an electronic signature. That names who signed.
scrubbed-signature-broken = It carries an electronic signature. It is no longer valid, because we took something out. It still names who signed.
scrubbed-advice = A photo of the page tells less than the file itself.
# Between the items of a list, with the space.
list-separator = { ", " }
trace-author = a name
trace-place = a place
trace-date = dates
trace-device = the device or program
trace-words = titles or comments
trace-preview = a hidden picture
trace-history = who changed what
trace-other = other notes

## Secret code

receipt-title = It has arrived
receipt-heading = It has arrived. Write down your secret code.
receipt-lead = Without it you cannot read our reply here.
receipt-code = Secret code
receipt-words = Or these twelve words, in this order
receipt-keep-how = One of the two is enough.
receipt-secret = Show it to no one.
receipt-secret-why = A person who has it can read our replies and write in your place.
receipt-print = You may print or photograph this page.
receipt-print-why = It does not show what you wrote. Never on a shared device: a copy stays there.
receipt-qr = The code as a QR code
receipt-qr-use = Scan this square with another device of yours to copy the code there. The scanner may keep it in its history.
receipt-save = Save as a text file
receipt-save-what = The file is called “reference”. It contains only the code and the words.
receipt-next = What happens next
receipt-next-answer = A person must answer you here by { $day }.
receipt-next-answer-soon = A person must answer you here within about a week. Come back then.
receipt-next-missed = Unless it is there already or you refused, it then goes to this authority: { $body }.
receipt-late = And without an answer?
receipt-done = I have written it down
receipt-gone = After this, no one can show you this code again.
receipt-sure = Yes, I have it
receipt-use = To read our reply, come back to this site with this code.
receipt-address = The page to enter it on ends with
receipt-more = Print, save
receipt-scan = Scan the code
receipt-still = First note your secret code. Then press “{ receipt-done }”.

## Copy and draft

review-copy = I want a locked copy of what I send
review-copy-what = It is a file, to read your words again later. It opens only with your secret code. Not on a shared device.
own-save = Save my locked copy
own-apart = Keep it away from your secret code. A person who has both reads your messages.
own-found = A person who finds only this file cannot read it. They can guess that you are hiding something.
own-heading = Read my messages again
own-what = This page does not contain your messages. Choose the copy that you saved. Open it before you write: it then grows.
own-file = My locked copy
own-server = Our site opens your copy for you.
own-open = Open my copy
own-wrong = This file is not a copy of this report, or it was changed.
own-older = Your copy does not contain your newest messages.
own-cut = Your oldest messages have no room on this page.
own-again = Your copy is long. Choose it again when you write or reload.
thread-all = All messages, the newest first
thread-from-team = For you
thread-from-you = From you
thread-own-files = Files: { $what }
draft-keep = Keep this draft
draft-continue = Continue a draft
draft-what = Your answers are locked in a file. Your files and your voice are not in it.
draft-words = Write down these twelve words, in this order.
draft-words-why = Without them, the draft no longer opens. No one can recover them.
draft-save = Save the file
draft-found = A person who finds this file cannot read it without the words. They can guess that you are hiding something.
draft-address = Or copy this address
draft-address-what = It contains the same draft. It shows that you have been here.
draft-again = What you change afterwards is not in it. Then keep a new draft.
draft-file = The file of the draft
draft-words-label = The twelve words of the draft
draft-replaces = The draft replaces what is written here.
draft-open = Open the draft
draft-wrong = This draft does not open. Check the file and the twelve words.
draft-failed = This did not work. Check the connection, then try again.

## Return

return-title = Return
return-heading = Follow my report
return-label = Your secret code, or your twelve words
return-hint = Capitals and accents do not matter. In the code, spaces and hyphens do not either.
return-hint-file = You may paste the whole saved file here.
return-file = Or choose the saved file
return-file-photo = Or choose the saved file, or a photo of the square
return-file-stays = It does not leave this device.
return-seal = Our site opens your messages for you. It forgets them 15 minutes after the last use.
return-open = Open
return-nothing = There is nothing here
return-nothing-soon = If you sent your report today, come back tomorrow.
return-nothing-check = Otherwise, check your secret code again, character by character. If it is right, contact: { $contact }. A case that was closed long ago is deleted.
return-damaged = This mailbox is damaged
return-damaged-what = Your secret code is right, but what is here was damaged or changed. We do not show it.
return-damaged-do = Do not write here. Contact: { $contact }.
return-failed = We could not open your messages. Keep this page open and try again.
return-lost = I have lost my secret code
return-lost-what = Nobody can recover it, not even us. You can make a new report.

## Thread

thread-title = Messages
thread-heading = Where your report stands
thread-next = You can expect news by { $day }.
thread-outside = This authority has your report: { $body }.
thread-outside-asked = You asked for this authority: { $body }. Two people of the team still have to give it access.
thread-received = { $count ->
    [one] We have received your report.
   *[other] We have received { $count } messages from you, your report included.
}
thread-read = { $count ->
    [one] A person answered you after reading your report.
   *[other] A person answered you after reading your first { $count } messages.
}
thread-unread = When we reply, this page will show what a person has read.
thread-log-countersigned = Your report is written in our register. This authority also signed the register on { $day }: { $body }.
thread-log-logged = Your report is written in our register. This authority usually signs it too within a week: { $body }.
thread-log-waiting = Your report is recorded. The proof that it is in our register will follow here.
thread-log-message = The last message that we received from you is in it too.
thread-log-message-waiting = The last message that we received from you is recorded and will follow.
thread-uncollected = What you sent last has not reached the team yet.
thread-week = Updated in the { $week }.
thread-step = Stage of the case: { $count }/5
thread-newest = Latest message for you
thread-older = Earlier messages
thread-none = No message yet.
thread-sent = Your message is on its way
thread-sent-what = This page will show when the team has received it. Do not send it again today.
thread-again = Check for news
thread-close = Close
thread-kept = This page can be opened again from this device’s history for 15 minutes. “Close” ends that.
reply-heading = Write to us
reply-label = Your message
reply-warn = Remember: not your name, and nothing that only you know.
reply-outside = I want this authority to read my report too: { $body }.
reply-files = Add photos or files
reply-files-hint = If your connection often fails, send one file at a time.
earlier-heading = Have you made another report about the same thing?
earlier-what = Give its secret code. Those who may read both will see the link. The code is not passed on.
earlier-warn = Whoever may read both will know that one person wrote them.
earlier-label = Secret code of the other report
reply-again = Then press Send again.
reply-seal = Our site receives your message, then locks it before storing it.
reply-send = Send
add-heading = Add details that help
add-unsent = Your details are not sent yet.
add-what = Answer questions about your case. First choose the subject: this page does not know it.
add-open = Answer questions
add-none = Answer at least one question.
stage-received = Received
stage-received-means = Your report has arrived. Someone will read it soon.
stage-received-next = Next, they judge how urgent it is.
stage-triaged = Read
stage-triaged-means = A person has read your report and judged how urgent it is.
stage-triaged-next = Next, we usually check the facts, or close the case.
stage-assessing = Being checked
stage-assessing-means = We are checking whether we can confirm the facts.
stage-assessing-next = Next, there is usually an investigation, or another authority takes over.
stage-investigating = Under investigation
stage-investigating-means = An investigation is under way. It can take some months.
stage-investigating-next = Next, there is usually a decision.
stage-decided = Decision made
stage-decided-means = A decision has been made. We will write to you about it here.
stage-decided-next = Next, the case is usually closed.
stage-referred = With another authority
stage-referred-means = Another authority is now in charge. We keep track of what it does.
stage-referred-next = Next, the matter usually comes back to us, or the case is closed.
stage-closed = Case closed
stage-closed-means = The work is done. You can still write, and it may be opened again.
stage-closed-next = No further step is planned for now.
stage-unreadable-means = We could not open your report. Please make a new one.
finding-forged = One message did not come from us. It is not shown.
finding-earlier = { $count ->
    [one] One earlier message is no longer here.
   *[other] { $count } earlier messages are no longer here.
}
finding-unseen = { $count ->
    [one] One earlier message no longer fits here. If you have not read it, ask us for it.
   *[other] { $count } earlier messages no longer fit here. If you have not read them, ask us for them.
}
finding-withheld = { $count ->
    [one] One message is missing. Someone may be holding it back. Report this to: { $contact }.
   *[other] { $count } messages are missing. Someone may be holding them back. Report this to: { $contact }.
}
finding-older-state = This page is behind your messages. The investigators have a newer message from you. If you sent nothing else, contact: { $contact }.
finding-missing = { $count ->
    [one] One of your messages did not arrive. If it is still missing tomorrow, send it again. If this happens again, contact: { $contact }.
   *[other] { $count } of your messages did not arrive. If they are still missing tomorrow, send them again. If this happens again, contact: { $contact }.
}
finding-surplus = We have received more messages than this page knows of. This is normal if you wrote twice in a row. Otherwise, contact: { $contact }.
finding-sequence = The messages do not follow one another. One of them may not be in the investigators’ records. Before you act on any of them, contact: { $contact }.
finding-log-missing = This page does not show that your report is in our register. Come back tomorrow. If it is still missing, send it again. If this happens again, contact: { $contact }.
finding-log-message-missing = This page does not show that your last message is in our register. Come back tomorrow. If it is still missing, send it again. If this happens again, contact: { $contact }.
finding-log-wrong = The proof that your messages are in our register is not valid. Come back tomorrow. If this happens again, contact: { $contact }.
finding-wrong-key = Something is wrong with these messages. Do not write here. Contact: { $contact }.
finding-unconfirmed = The keys of your case were changed to protect you. Two investigators must confirm this, and that is not done yet. Newer answers cannot be shown, and you cannot write here for now. Please come back in a few days.

## How we protect you

protect-title = Protection
protect-heading = How we protect you
protect-lead = Your report is locked (encrypted). Only the people it is meant for can open it.
protect-stored = What this site stores
protect-stored-sealed = A locked package that our site cannot open again.
protect-stored-week = The week in which it came. Our backups keep it for seven nights: their time can say more.
protect-stored-pieces = If sending is cut: the locked pieces that came, and until which day we keep them. About two days.
protect-stored-size = A rounded size, so that it says almost nothing.
protect-stored-hour = Without JavaScript: your text, locked, for one hour in memory. The secret code, for three. The messages that it opened, for 15 minutes.
protect-stored-handler = The case service also stores days, team, language, urgency and file sizes. It stores whom you excluded and what you refused. A closed case is deleted later.
protect-not = What we never store
protect-not-name = Not your name, no account, no password.
protect-not-address = No internet address and no trace of your device.
protect-not-cookie = No cookies. Your phone’s history can still show this visit.
protect-not-third = Our pages load nothing from another company.
protect-who = Who can read it
protect-who-desk = The small team in charge of the subject.
protect-who-excluded = Not the services that you exclude, if our list says who belongs to them: they have no key. The authority below cannot be excluded.
protect-who-outside = Sometimes this authority outside customs too: { $body }. That is for some subjects, after a missed deadline, or if too few of the team are left. You and the team can also ask for it. After violence or harassment, you can refuse it.
protect-who-technician = No technician has a key. But a person who controls our site can change it to read what you write.
protect-ways = Two ways to lock
protect-device = Your device locks
protect-device-what = Our site never sees what you write. It sees your first choices if the page loads slowly. Likewise if you come from another page.
protect-device-needs = It needs JavaScript. It does not protect you from a forged page: check its address. It does not protect you from a changed site either.
protect-server = Our site locks
protect-server-what = It sees your text in its memory, on each page, then stores it locked.
protect-server-needs = It works without JavaScript, also in the safest mode of Tor.
protect-ways-know = A sentence near your text says which way is in force.
protect-limits = What we cannot promise
protect-before = Before you write
protect-onion = With the Tor browser, you can also come by this address:
protect-onion-only = It opens in the Tor browser only. Do not type it anywhere else.
protect-limit-network = Your operator or office network may see that you came here. The Tor browser hides it.
protect-limit-leave = “{ leave }” opens another page. With JavaScript, pressing Escape three times does the same. Without JavaScript, or in some browsers, Back can show our site again.
protect-limit-saver = A data-saving browser, such as Opera Mini, can send your pages to its company. Write nothing with it.
protect-words = The twelve words of our keys
protect-words-what = They let you recognise the keys that decide who can read.
protect-words-compare = Compare them with a poster in the language of this page. If one word differs, do not report here.
protect-until = The list of authorised readers is valid until { $day }.
protect-until-after = After that day we take no report or message until a new list is signed.
protect-until-none = We cannot receive anything today: no list of readers is valid.
protect-receipt = Your secret code
protect-receipt-what = It lets you read our replies and write to us. On its own, it never opens your report.

## Errors

error-title = Problem
error-home = Go to the home page
error-outside = You can also contact this authority, outside customs:
error-busy = We cannot take this right now
error-busy-what = Nothing has been sent.
error-busy-do = Wait a minute, then reload this page. It sends everything again.
held-again-how = What you wrote is here. Wait a minute, then send it again.
held-text = Your text
held-files = Choose your files again.
held-again = Send again
error-full = There is no room now
error-full-what = Nothing has been sent. Our site has no room for it now.
error-full-do = Try again tomorrow, or contact: { $contact }.
error-no-files = There is no room for files now
error-no-files-what = Nothing has been sent. A text without files can still get through.
error-no-files-do = Send it now without files. Add them later with your secret code.
error-large = This is too much to send at once
error-large-what = Nothing has been sent. The limit is 32 files and 230 MB in all.
error-large-do = Choose fewer or smaller files. Send the others later with your secret code. If your text is very long, go back and shorten it.
error-form = We could not read this form
error-form-what = Nothing has been sent. Perhaps the page was open for too long.
error-form-do = Go back and try again, or start again.
error-expired = This page is no longer kept
error-expired-what = To protect you, a text is forgotten one hour after its last use. A secret code, after three.
error-expired-do = Please start again from the home page.
error-missing = This page does not exist
error-missing-what = Perhaps the address has a typing mistake.
error-missing-do = Start from the home page.
error-directory = We cannot take reports safely right now
error-directory-what = Nothing has been sent. We could not lock it for the right people.
error-directory-do = Please come back tomorrow.
error-broken = Something went wrong on our side
error-broken-what = If no confirmation was shown, what you sent may not have arrived.
error-broken-do = Reload this page to send again. The same text never counts twice.

# With scripts: the browser locks.
seal-here = Your device locks everything itself. Our site can read none of it.
seal-here-text = Your device locks what you write. Our site knows only your first choices.
seal-here-short = Your device locks what you write.
seal-here-reply = Your device locks this message itself. Our site can read none of it.
seal-here-return = Your device opens your messages itself. Our site can read none of it.
seal-date = If the date of your device is wrong, set it right. Then it can lock your report.
altered-heading = Do not write anything here now
altered-what = Parts of this form are not signed by the administration. Someone may want to read what you write.
altered-do = Try again in ten minutes. If this message returns, use this form on no device. Call the number on the posters.
updated-heading = Our site has just been updated
updated-copy = What you wrote is still here. Copy it, then load this page again.
updated-draft = What you wrote is still here. Keep a draft or copy your text. Then load this page again.
page-failed = This did not work. What you wrote is still here. Try again, or copy it and load this page again.
form-loading = The form is loading. One moment.
form-by-site = Your device did not load everything. Press again: our site does it for you.
send-sealing = Your device is locking your report.
send-progress = Sending: { $done }%
send-waiting = No connection. Keep this page open. Next attempt in { $seconds } s.
switch-offline = Without a connection the language cannot change. This page and your text stay here.
send-again = Try now
send-stop = Stop sending
send-failed = It could not be sent. Keep this page open and try again.
send-too-large = This is too much to send at once. The limit is 32 files and about 230 MB in all.
send-busy = The service is very busy. Keep this page open. Next attempt in { $seconds } s.
send-full = Our site has no room for it now. Keep this page open. Next attempt in { $seconds } s.

## Speaking instead of writing

story-in-file = I will attach a recording or another file instead of writing
story-in-file-why = In a sound file, your voice stays as it is. Who knows it knows you.
recorder-heading = Or say it
recorder-about = Your voice is changed here, on your device. Your real voice is not sent.
recorder-known = People who know you, or a machine, may still recognise your voice, words or accent.
recorder-noise = Sounds around you can still be heard. Do not say your name.
recorder-start = Record my voice
recorder-stop = Stop
recorder-cancel = Cancel
recorder-play = Listen
recorder-pause = Stop the sound
recorder-again = Record again
recorder-remove = Delete
recorder-clock = Recording: { $time } of { $limit }
recorder-asking = Allow the microphone in your browser.
recorder-altering = We are changing your voice. Keep this page open.
recorder-ready = Listen before you send. Use headphones if people are near.
recorder-silent = We heard nothing. Speak closer to the microphone, and record again.
recorder-failed = Your device could not change the voice. Nothing is kept. Please write instead.
recorder-refused = The microphone does not work here. Write, or attach a file at the end.
wrong-recording-unheard = Listen to your recording, or delete it, before you go on.
wrong-recording-busy = Stop the recording first, or wait until it is ready.
review-recording = Your voice, changed
wrong-no-story = The file that tells it is missing. Attach it here, or go back and write.
error-no-story = What happened is missing
error-no-story-what = You neither wrote nor attached a file. Nothing was sent.
error-no-story-do = Attach the file here, or go back and write.
error-no-reader = Nobody is left to read it
error-no-reader-what = Nobody is left who may read it. Nothing was sent.
error-no-reader-do = Your text is still here. Change an answer under “Who will read it”, then send.
