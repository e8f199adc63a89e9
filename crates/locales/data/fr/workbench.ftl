### L’atelier des enquêteurs. Des phrases courtes ; le mot du métier ; jamais de promesse.

## Cadre

skip = Aller au contenu
workbench = Atelier
sections = Rubriques
lock = Verrouiller
back = Retour
to-queue = Dossiers
the-handler = le service
oversight-body = Organe externe
lead = (responsable)
unread = nouveau
sealed-to-former-key = scellé pour votre ancienne clé
locks-soon = L’atelier se verrouille dans une minute. Touchez une touche pour rester.
directory-expired = L’annuaire a expiré : personne ne peut signaler ni vous écrire, et nul ne reçoit de nouvel accès. L’administration doit en signer un.
directory-ends = { $count ->
    [0] L’annuaire expire aujourd’hui. L’administration doit en signer un nouveau.
    [one] L’annuaire expire demain. L’administration doit en signer un nouveau.
   *[other] L’annuaire expire dans { $count } jours. L’administration doit en signer un nouveau.
}
bytes = { $count } o
kilobytes = { $count } ko
megabytes = { $count } Mo

## Dates

date = { $day } { $month } { $year }
moment = { $day }, { $time } UTC
month-1 = janv.
month-2 = févr.
month-3 = mars
month-4 = avr.
month-5 = mai
month-6 = juin
month-7 = juil.
month-8 = août
month-9 = sept.
month-10 = oct.
month-11 = nov.
month-12 = déc.
due-today = aujourd’hui
due-tomorrow = demain
due-in = dans { $count } jours
due-late = { $count ->
    [one] en retard d’un jour
   *[other] en retard de { $count } jours
}
no-deadline = aucun délai

## Entrée et verrou

open-heading = Bienvenue
open-what = Ce navigateur est admis. L’atelier s’ouvre.
open-on = Ouvrir l’atelier
open-void = Ce lien ne sert plus
open-void-what = Un lien ne s’ouvre qu’une fois, pendant dix minutes. Si vous ne l’avez pas ouvert vous-même, quelqu’un d’autre l’a fait : arrêtez le programme et prévenez l’administration. Sinon, demandez un nouveau lien dans le terminal.
unlock-title = Verrouillé
unlock-heading = Déverrouiller
unlock-passphrase = Phrase secrète de votre clé
unlock-do = Déverrouiller
unlock-wrong = La phrase secrète est fausse. Personne ne peut la retrouver pour vous.
unlock-forgotten = Oubliée pour de bon ? Prévenez l’administration et la personne qui dirige votre bureau, déplacez le répertoire { $folder }, relancez le programme et créez une nouvelle clé sous le même identifiant.
unlock-no-key = Il n’y a pas de clé lisible dans votre dossier. Si le fichier est abîmé, reprenez la clé d’une feuille de secours, dans un dossier vide.
unlock-lost = L’atelier s’était verrouillé. Ce que vous veniez d’envoyer n’a pas été fait : déverrouillez et recommencez.
unlock-idle = { $count ->
    [one] Après une minute sans activité, la clé est effacée de la mémoire.
   *[other] Après { $count } minutes sans activité, la clé est effacée de la mémoire.
}

## Ce qui ne va pas

error-title = Problème
error-failed = Cela n’a pas marché
error-do-failed = Réessayez. Si cela revient, transmettez la phrase ci-dessous à l’administration.
error-incomplete = Tout n’est pas arrivé
error-do-incomplete = Réessayez. Si elle s’interrompt encore, transmettez la phrase ci-dessous à l’administration : ce que le service conserve est peut-être abîmé.
error-passphrase = La phrase secrète est fausse
error-do-passphrase = Réessayez.
error-refused = Ce n’est pas permis maintenant
error-do-refused = Rien n’a été changé. Regardez le dossier à nouveau : quelqu’un a peut-être agi avant vous.
error-unauthorized = Vous n’êtes pas dans l’annuaire
error-do-unauthorized = Rien n’a été changé. Revenez une fois l’annuaire signé et publié.
error-not-found = Rien ici
error-do-not-found = Cette page, ce dossier ou ce fichier n’existe pas, ou n’est pas pour vous.
error-purged = Détruit
error-do-purged = Il se vérifie toujours : Administration, Journal.
error-unreadable = Ce dossier est arrivé illisible
error-do-unreadable = Ce n’est pas une alarme : n’importe qui peut envoyer ce que personne ne peut ouvrir. Demandez à un collègue d’essayer.
error-unreachable = Le service des dossiers ne répond pas
error-do-unreachable = Vérifiez le réseau. Rien n’a été perdu, et rien n’a été changé.
error-alarm = ALARME
error-do-alarm = N’allez pas plus loin. Prévenez l’organe externe et l’administration, et gardez cette phrase.
error-detail = Pour qui vous aide :

## Dossiers

queue-title = Dossiers
queue-parts = Parties de la liste
queue-mine = Les miens
queue-open = Tous ouverts
queue-due = Échéances
queue-unread = Du nouveau
queue-waiting = M’attendent
queue-closed = Clos
queue-retention = Durée échue
queue-none-mine = Vous n’avez aucun dossier
queue-none-do-mine = Les dossiers que personne n’a encore pris sont parmi les ouverts. Les plus pressants viennent en tête.
queue-none-waiting = Rien n’attend votre décision
queue-none-do-waiting = Un dossier vient ici quand un collègue a proposé ce que vous pouvez approuver ou refuser.
queue-none-open = Aucun dossier ouvert
queue-none-do-open = Les nouveaux signalements arrivent ici d’eux-mêmes. Revenez plus tard.
queue-none-due = Rien n’est dû cette semaine
queue-none-do-due = Ici viennent les dossiers dont un délai finit dans les sept jours, ou est dépassé.
queue-none-unread = Rien de nouveau
queue-none-do-unread = Ici viennent les dossiers où quelque chose s’est passé depuis votre dernière lecture.
queue-none-closed = Aucun dossier clos
queue-none-do-closed = Un dossier se clôt à deux : une personne propose, une autre approuve.
queue-none-retention = Aucun dossier clos ne peut encore être détruit
queue-none-do-retention = Un dossier clos est gardé pendant la durée fixée à son arrivée. Ensuite, deux personnes peuvent le détruire : l’une propose, l’autre approuve.
queue-show-open = Voir les dossiers ouverts
queue-next = Suite de la liste
column-case = Dossier
column-priority = Priorité
column-next = À faire
column-stage = Étape
column-who = Qui l’a
column-desk = Bureau
column-filed = Reçu le
waits-for-second = attend une seconde personne
waits-for-me = attend votre décision
waits-for-answer = { $count } à traiter
who-me = vous
who-nobody = personne
who-left = est parti
who-suggested = suggéré : { $who }
priority-P1 = 24 heures
priority-P2 = 3 jours
priority-P3 = 7 jours
priority-P4 = 30 jours
deadline-kind-acknowledge = première réponse
deadline-kind-triage = tri
deadline-kind-assess = évaluation
deadline-kind-investigate = enquête
deadline-kind-feedback = retour à la personne
deadline-kind-referral = suivi de la transmission
stage-received = reçu
stage-triaged = trié
stage-assessing = en évaluation
stage-investigating = en enquête
stage-decided = décidé
stage-referred = transmis
stage-closed = clos

## Un dossier

case-title = Dossier
case-pages = Pages du dossier
case-unreadable = Signalement illisible
tab-story = Signalement
tab-timeline = Historique
alarms-heading = Ce qui ne va pas dans ce dossier
oversight-reads = peut lire
oversight-locked = accès verrouillé
legal-hold = destruction interdite
why-priority = Pourquoi cette priorité :
because-category = la catégorie elle-même
because-person = décision de { $who }
release-filed = déposé chez lui dès le début
release-missed-deadline = un délai a été dépassé
release-reporter-asked = la personne l’a demandé
release-desk-conflicted = moins de deux membres du bureau pouvaient le lire
report-unreadable = Le signalement ne peut pas être lu. Voyez les alarmes.
facts = Les faits
reported-by = Signalé par
sealed-by = Scellé par
sealed-by-listed = un programme de l’annuaire, d’après le signalement. Un programme modifié peut dire de même
sealed-by-unlisted = un programme que l’annuaire ne cite pas
sealed-by-unstated = le serveur qui reçoit, ou un programme qui ne se nomme pas
factors = Facteurs (déclaration d’Arusha révisée)
must-not-reach = Ne doit pas parvenir à
audience-trader = importateur ou exportateur
audience-broker = commissionnaire en douane
audience-carrier = transporteur
audience-traveller = voyageur
audience-officer = agent des douanes
audience-public = autre personne, ou non précisé
exposed-heading = À quel point la personne est exposée
exposed-high = Très exposée : les intéressés peuvent deviner qui a parlé, ou elle est menacée.
exposed-raised = Exposée : certaines réponses peuvent la désigner.
exposed-low = Peu exposée, d’après ses réponses.
exposed-unknown = Les réponses n’en disent rien. Agissez comme si elle était exposée.
exposed-care = Avant chaque démarche, demandez-vous : qui, en l’apprenant, saurait d’où cela vient ?
story-heading = Dans ses propres mots
story-empty = La personne n’a rien écrit.
files-heading = Fichiers joints
files-none = Aucun fichier.
file-of-message = message { $number }
file-says = L’expéditeur le dit de type { $kind }
picture-alt = Image jointe par la personne
picture-how = Recopiée à partir des seuls pixels, par un programme isolé. Rien d’autre du fichier n’a été ouvert.
recording-label = Enregistrement joint par la personne
recording-how = Refait à partir des seuls échantillons du son, par un programme isolé. Rien d’autre du fichier n’a été ouvert. Il lit les fichiers WAV, MP3 et M4A, au plus leurs 15 premières minutes. Si l’on n’entend rien, le fichier est d’un autre type ou abîmé.
transcript-heading = Transcription
transcript-hint = Écoutez avec un casque. Écrivez ce qui est dit, sans chercher qui parle.
transcript-begin = Enregistrement { $number } :
transcript-add = Ajouter la transcription
file-save-heading = Enregistrer le fichier tel quel
file-save-warning = Un inconnu a fait ce fichier. Ouvrez-le seulement sur une machine sans réseau, avec un lecteur qui l’enferme, comme Dangerzone. Jamais d’un double clic. Une fois enregistré, il n’est plus scellé : effacez-le ensuite.
file-hash = Empreinte SHA-256 :
file-save = Enregistrer
file-damaged = Ce fichier n’est pas celui du signalement
treated-heading = Ce qui lui a été fait avant l’envoi
treated-claim = L’expéditeur le dit. Personne ne peut le vérifier d’ici.
treated-hash = C’est l’empreinte du fichier tel qu’il a été envoyé. Si quelque chose a été retiré ou redessiné, l’original en a une autre.
treated-unsaid = L’expéditeur n’a pas dit ce qui lui a été fait.
treated-removed = Burkindi a retiré : { $what }.
treated-left = Il peut encore contenir : { $what }.
treated-nothing = Burkindi l’a examiné en entier et n’a rien trouvé à retirer.
treated-broken = Une partie n’a pas pu être lue. Cette partie est restée telle quelle.
treated-unknown = Burkindi ne sait pas examiner ce type de fichier, et l’a laissé tel quel.
treated-empty = Le fichier est vide.
treated-signature-kept = Il porte une signature électronique, que Burkindi a laissée telle quelle.
treated-signature-broken = Sa signature électronique n’est plus valable, car Burkindi a retiré quelque chose.
treated-redrawn = Redessiné comme image : seul ce qu’on y voit est resté. Ses octets diffèrent de l’original, si bien que comparer les empreintes ne dit rien.
treated-kept = La personne l’a envoyé tel quel. Il peut montrer qui elle est.
treated-cut-off = Il n’a pas pu être nettoyé. Il s’arrête là où cela a échoué et n’est pas entier.
treated-voice-altered = Parlé sur l’appareil de la personne, avec la voix modifiée sur place. Qui la connaît peut encore reconnaître la voix, l’accent ou les mots.
metadata-author = un nom
metadata-place = un lieu
metadata-date = des dates
metadata-device = l’appareil ou le logiciel
metadata-words = des titres ou commentaires
metadata-preview = une seconde image
metadata-history = qui a modifié quoi
metadata-other = d’autres notes
timeline-heading = Ce qui s’est passé
timeline-signed = Chaque ligne est signée par la clé de qui a agi, et liée à la précédente.
column-when = Quand
column-actor = Qui
column-what = Quoi

## Un dossier à remettre

export-heading = Exporter le dossier
export-what = Vous recevez une archive. Elle contient :
export-page = le dossier en une page que tout navigateur montre, dans la langue de cette page ;
export-count = { $count ->
    [0] aucun fichier joint ;
    [one] le fichier joint, tel qu’il est venu ;
   *[other] les { $count } fichiers joints, tels qu’ils sont venus ;
}
export-log = les parties scellées avec la clé de chacune, ce qui s’est passé, et les signatures ;
export-log-unreadable = ce qui s’est passé dans le dossier, et les signatures ;
export-manifest = une liste signée du tout, avec l’empreinte de chaque fichier.
export-before = Avant de l’enregistrer
export-warning = La personne qui ouvre l’archive peut lire qui est visé et ce que la personne a écrit. Ne la donnez qu’à l’autorité qu’une décision à deux a désignée, et effacez-la ensuite.
export-unreadable = Le signalement de ce dossier ne s’ouvre pas. L’archive ne contient donc ni le signalement, ni les fichiers, ni les messages, ni les notes.
export-warning-unreadable = La personne qui ouvre l’archive peut lire qui a fait quoi dans ce dossier, et quand. Ne la donnez qu’à l’autorité qu’une décision à deux a désignée, et effacez-la ensuite.
export-files = Un inconnu a fait les fichiers joints. Ne les ouvrez que sur une machine sans réseau, avec un lecteur qui les isole, comme Dangerzone. Jamais d’un double-clic.
export-verify = Qui reçoit l’archive la vérifie par la commande burkindi verify. La commande n’a besoin ni de clé ni de réseau, et trouve chaque modification.
export-proof = Ce que cet export prouve, une fois que la commande burkindi verify l’accepte : le { $day }, le gestionnaire des dossiers a signé qu’il avait enregistré ce signalement. Le signalement, les messages, les notes et les fichiers n’ont pas changé depuis leur enregistrement. Les personnes nommées ici ont fait ces actes à ces dates.
export-no-proof = Ce qu’il ne prouve pas : qui a écrit le signalement, si le signalement est vrai, si tous les signalements ont été enregistrés, et si autre chose a été ajouté au dossier plus tard.
export-signature = L’archive contient la signature du code secret. Si le code est trouvé chez une personne, l’archive montre que le signalement a été envoyé avec ce code.
export-made = Exporté par { $by } le { $day }.
export-unsealed = Rien ici n’est plus scellé. Effacez-le quand vous avez fini.
export-logged = Le journal de transparence contient ces événements jusqu’au numéro { $event }. Le journal a été contresigné le { $day } ; membres de l’organe externe { $oversight }, témoins { $witnesses }.
export-logged-alone = Le journal de transparence contient ces événements jusqu’au numéro { $event }. Au moment de l’export, le journal n’était pas contresigné.
export-unopened = { $count ->
    [one] Une partie scellée n’est pas ouverte ici. L’export prouve seulement qu’elle a été enregistrée.
   *[other] { $count } parties scellées ne sont pas ouvertes ici. L’export prouve seulement qu’elles ont été enregistrées.
}
export-report-unopened = Cet export n’ouvre pas le signalement.
export-part-report = le signalement
export-part-message = un message
export-part-file = un fichier joint
export-part-reply = une réponse
export-part-note = une note
export-seal = Sceller l’archive
export-seal-member = pour un membre, qui l’ouvre par burkindi unseal
export-seal-key = pour une autre clé, age1pq1…, dont le titulaire l’ouvre avec le programme age
export-seal-passphrase = par une phrase secrète, que vous donnez au destinataire par une autre voie
export-passphrase = Phrase secrète de l’archive
export-seal-none = pas du tout : toute personne qui obtient l’archive peut la lire
export-seal-missing = Choisissez comment l’archive est scellée.
export-recipient-wrong = Ce n’est ni un membre ni une clé publique qui commence par age1pq1.
export-do = Enregistrer l’archive

## Événements

event-received = signalement reçu au bureau { $desk }, priorité { $priority }
event-followed-up = la personne a envoyé quelque chose de plus
event-released = l’organe externe peut lire : { $reason }
event-claimed = a pris le dossier et déclaré n’avoir aucun conflit d’intérêts
event-assigned = a confié le dossier à { $to }
event-assigned-granted = a confié le dossier à { $to }, avec un nouvel accès
event-recused = s’est récusé pour conflit d’intérêts
event-stage-changed = { $from } → { $to }
event-stage-changed-reason = { $from } → { $to } ({ $reason })
event-replied = a répondu à la personne
event-replied-feedback = a informé la personne de ce qui a été ou sera fait
event-note-added = a ajouté une note
event-priority-raised = a relevé la priorité à { $priority }
event-rotation-proposed = a proposé de nouvelles clés
event-rotation-approved = a approuvé les nouvelles clés
disposition-substantiated = établi
disposition-partly-substantiated = établi en partie
disposition-unsubstantiated = non établi
disposition-insufficient-information = informations insuffisantes
disposition-out-of-scope = hors du domaine
disposition-duplicate = doublon
disposition-advice-given = conseil donné
disposition-process-fix-adopted = procédure corrigée
disposition-unreadable = illisible à l’arrivée

## Alarmes

alarm-forged = Quelque chose a été falsifié.
alarm-unknown-actor = Un inconnu a signé.
alarm-forked-case = Il y a deux histoires différentes d’un dossier.
alarm-wrong-proof = La preuve qu’un dossier est dans le journal est fausse.
alarm-not-in-log = Un événement manque au journal depuis plus d’un jour.
alarm-leaf-differs = Le journal ne se compose pas des événements que le service montre.
alarm-broken-case = La chaîne de ce dossier est rompue.
alarm-refused-move = Un acte signé que les règles ne permettent pas.
alarm-rollback = Un état ancien est présenté comme le plus récent.
alarm-state-differs = Le service raconte autre chose que les événements signés.
alarm-reordered = Les messages ne sont pas dans l’ordre où ils ont été déposés.
alarm-replayed = Le même message est arrivé deux fois.
alarm-withheld = Quelque chose qui devrait être là manque.
alarm-unopenable = Quelque chose ne s’ouvre pas.
alarm-came-unreadable = Ce qui a été envoyé est illisible ou incomplet. Rien n’a été modifié depuis l’enregistrement.
alarm-called-unreadable = Des collègues disent ce dossier illisible, et vous pouvez l’ouvrir.
alarm-former-key = Quelque chose est scellé pour une clé que vous aviez avant.
alarm-reply-differs = Ce qu’un membre a envoyé à la personne n’est pas ce que dit ce dossier.
alarm-report-grant-differs = Le signalement est venu sans accès valable pour une des personnes qui le reçoivent.
alarm-grant-differs = Un accès ne s’ouvre pas, ou contient d’autres clés que le vôtre.
alarm-recipient-changed = Les réponses iraient à une autre clé qu’avant.
alarm-reporter-changed = Vos clés désignent une autre personne qu’avant.
alarm-routing-differs = Ce que la personne a signé diffère de ce que le service a enregistré.
alarm-program-unlisted = Le formulaire qui a scellé ceci n’est pas un de ceux de l’annuaire.
alarm-damaged = Des données ne correspondent pas à leur empreinte.
alarm-concurrent-messages = Deux messages se sont croisés.
alarm-former-member = Quelqu’un qui n’est plus membre a agi.
alarm-expired = L’annuaire a expiré.
alarm-clock = Des dates vont à rebours.
alarm-missing-directory = Un annuaire manque dans la suite.
alarm-accepted-restore = Vous avez accepté un rétablissement du service.
alarm-log-restarted = Les clés racines ont commencé un journal de transparence vide.
alarm-not-read = Une partie n’est pas arrivée en entier. Elle sera relue plus tard.

## Clés

keys-title = Clés
keys-heading = L’état de vos clés
health-passphrase = Phrase secrète
health-folder = Répertoire de la clé
health-backup = Feuille de secours
health-membership = Inscription dans l’annuaire
health-directory = Annuaire
health-colleagues = Collègues
health-cases = Dossiers
health-passphrase-ok = Deviner votre phrase secrète coûte cher.
health-passphrase-error = Votre clé n’est pas assez protégée. Changez la phrase secrète : la clé est alors scellée de nouveau.
health-folder-ok = Personne d’autre sur cet ordinateur ne peut lire le répertoire de votre clé.
health-folder-error = D’autres personnes de cet ordinateur peuvent lire le répertoire de votre clé. Fermez-le.
health-backup-ok = Une feuille de cette clé a été faite.
health-backup-warning = Il n’y a pas de feuille de cette clé. Faites-en une et enfermez-la dans un autre bâtiment.
health-membership-ok = L’annuaire nomme cette clé.
health-membership-error = L’annuaire ne nomme pas cette clé pour vous. Prévenez tout de suite l’administration.
health-directory-ok = L’annuaire est valable.
health-directory-warning = L’annuaire expire bientôt. L’administration doit en signer un nouveau.
health-directory-error = L’annuaire a expiré. Personne ne peut signaler ni écrire.
health-colleagues-ok = Votre bureau ne dépend pas d’une seule personne.
health-colleagues-warning = Vous êtes trop peu : une absence ou un conflit laisse un dossier à une seule personne.
health-cases-ok = Aucun dossier n’est scellé pour une clé que vous aviez avant.
health-cases-warning = Des dossiers sont scellés pour une clé que vous aviez avant et ne s’ouvrent pas. La liste les marque. Demandez à la personne qui dirige votre bureau de proposer de nouvelles clés, et approuvez-les : Administration, Anciens lecteurs.
outcome-ok = en ordre
outcome-warning = à faire bientôt
outcome-error = à régler tout de suite
keys-words = Les mots de votre clé
keys-words-what = L’administration les compare avec vous, de vive voix, avant de vous inscrire dans l’annuaire.
keys-refused = Demandes refusées
keys-refused-count = { $count ->
    [0] Depuis le démarrage, aucune demande inattendue n’a été refusée.
    [one] Depuis le démarrage, une demande inattendue a été refusée : d’une autre page, pour une autre adresse, ou sans accès.
   *[other] Depuis le démarrage, { $count } demandes inattendues ont été refusées : d’autres pages, pour d’autres adresses, ou sans accès.
}

## Administration

administration-title = Administration
administration-heading = Administration
administration-parts = Parties de l’administration
administration-what = Tout ceci est dans l’annuaire signé. Le changer demande les clés racines, qui sont gardées hors ligne : « burkindi admin ».
tab-desks = Bureaux
tab-route = Qui le lirait ?
tab-former = Anciens lecteurs
tab-log = Journal
directory-number = Annuaire
directory-issued = Signé le
directory-until = Valable jusqu’au
route-heading = Qui lirait ce signalement ?
route-what = La même décision que celle de l’appareil de la personne, pas à pas. Rien n’est déposé.
route-category = Catégorie
route-audience = Signalé par
route-excluded = Qui ne doit pas le recevoir
route-do = Essayer
route-desk = Bureau : { $desk }.
route-reads = Lu aussitôt par { $who }.
route-steps = Pas à pas
route-idle = Ces exclusions n’écartent personne : { $units }.
route-without = Sans accès, et pourquoi
route-all = Toutes les catégories
route-all-what = Signalées par leur public habituel, sans personne d’exclu.
route-all-show = Montrer le tableau
route-readers = Le lisent aussitôt
route-locked = Accès verrouillé
step-other-audiences = { $desk } prend cette catégorie, mais seulement de : { $audiences }.
step-no-desk = Aucun bureau ne prend cette catégorie : elle va à l’organe externe.
step-desk = La catégorie revient au bureau { $desk }.
step-nobody-excluded = { $count ->
    [one] La personne n’y a exclu personne ; un membre en fait partie.
   *[other] La personne n’a exclu aucun de ses { $count } membres.
}
step-excluded = Les exclusions écartent { $who }. Membres restants : { $left }.
step-too-few = Il en faut au moins { $minimum } : il va à l’organe externe.
step-routed = Il est déposé au bureau { $desk }, et { $who } peuvent le lire aussitôt.
step-locked = L’organe externe ({ $who }) reçoit un accès verrouillé. Il s’ouvre si un délai est dépassé, si moins de deux membres du bureau peuvent lire le signalement, ou si la personne ou un membre le demande.
without-unit = appartient à un service que la personne a exclu : { $unit }
without-excluded-desk = est membre d’un bureau que la personne a exclu : { $desk }
without-desk-of-unit = est membre du bureau { $desk }, qui couvre un service que la personne a exclu : { $unit }
without-trust = la personne ne fait confiance qu’à l’organe externe
without-went-to = son bureau ne peut pas le prendre ; il est allé à { $desk }
without-membership = n’est pas membre du bureau { $desk }
former-heading = Dossiers que d’anciens lecteurs peuvent encore ouvrir
former-what = Quelqu’un est parti, ou a une autre clé. Ce qui a été lu reste lu ; de nouvelles clés l’écartent de ce qui vient. Vous proposez de nouvelles clés, une autre personne qui lit le dossier les approuve.
former-none = Personne ne peut ouvrir un de vos dossiers sans y avoir droit.
column-former = Peut encore l’ouvrir
former-left = est parti
former-old-key = avec une ancienne clé
former-declare = Déclarez d’abord, à la page du dossier.
former-closed = Le dossier est clos : rien de nouveau ne vient. Faites de nouvelles clés s’il est rouvert.
former-others = Qui a le dossier, la personne responsable du bureau ou l’organe externe peut le faire.
former-all = Proposer de nouvelles clés pour { $count } dossiers
former-pending = Une autre proposition attend d’abord une deuxième personne.
former-proposed = De nouvelles clés sont proposées et attendent une deuxième personne.
former-approve-heading = Nouvelles clés qui attendent votre approbation
former-approve-what = Votre programme ouvre votre nouvelle clé, refait chacune des autres et compare avant d’approuver.
former-approve-all = { $count ->
    [one] L’approuver si elle ne laisse personne de côté
   *[other] Approuver parmi les { $count } celles qui ne laissent personne de côté
}
former-look = Voir qui continue de lire
rotation-heading = Nouvelles clés pour le dossier
rotation-readers = Pourront lire ce qui vient
rotation-oversight = Organe externe
rotation-oversight-later = Il ne lit le dossier que quand celui-ci lui est ouvert.
rotation-left-out = Laissés de côté
rotation-left-out-what = Leur accès à ce dossier prend fin définitivement. Ce qui a été lu reste lu.
rotation-none = Aucun membre de l’annuaire
rotation-checked = Si vous approuvez, votre programme vérifie d’abord chaque nouvelle clé. Si l’une est fausse, rien n’est approuvé.
rotation-failed = Rien n’a été approuvé
rotation-otherwise = Ne pas approuver, ou retirer
former-failed = Pas fait pour ces dossiers
done-renewed = Les nouvelles clés sont approuvées et en vigueur.
done-proposed-keys = De nouvelles clés sont proposées. Une autre personne qui lit le dossier les approuve.
log-heading = Le journal est-il entier ?
log-whole = Chaque nouvelle entrée du journal est ouverte : est-elle signée par qui elle dit, continue-t-elle son dossier, est-elle permise par les règles ? Si tout est juste, vous contresignez le journal. La première fois, cela peut prendre un moment.
log-own = Les événements de vos dossiers sont regardés : sont-ils liés, signés par qui ils disent, permis par les règles, et prouvés dans le journal ? L’organe externe regarde le journal entier.
log-verify = Vérifier
log-holds = Toutes les signatures, tous les liens, tous les actes et toutes les preuves tiennent.
log-does-not-hold = ALARME : ne faites rien sur la foi de ce qui est en doute. Prévenez l’organe externe et l’administration.
log-wrong = Ce qui ne va pas
log-notices = Bon à savoir
log-events = Événements
log-root = Racine du journal :
log-countersigned = Contresigné par l’organe externe le
log-not-countersigned = L’organe externe ne l’a pas encore contresigné.
log-copy = Une copie à vérifier ailleurs
log-copy-what = Elle dit qui a fait quoi à quel dossier et quand, rien de leur contenu. Gardez-la où vous seul pouvez la lire. Elle se vérifie sans clé : « burkindi audit verify --file FICHIER --trust trust.json ».
log-copy-do = Enregistrer une copie
desks-heading = Bureaux
members-heading = Membres
column-members = Membres
column-categories = Catégories
column-audiences = Publics
audiences-all = tous
column-member = Membre
column-units = Appartient à
column-languages = Langues

## Aide

help-title = Aide
help-heading = Aide
help-keys = Au clavier
help-keys-what = Ces touches agissent hors des champs de saisie.
help-key = Touche
help-does = Effet
help-rows = dossier suivant, précédent
help-open = ouvrir le dossier choisi
help-queue = liste des dossiers
help-up = remonter du dossier à la liste
help-tabs = pages du dossier
help-help = cette page
help-shortcuts = Les touches seules agissent
help-keep = Enregistrer ce choix
help-safety = Ce qui vous protège
help-idle = { $count ->
    [one] Après une minute sans activité, la clé est effacée de la mémoire et l’écran se verrouille.
   *[other] Après { $count } minutes sans activité, la clé est effacée de la mémoire et l’écran se verrouille.
}
help-one-browser = Un seul navigateur est admis à la fois, par un lien qui ne sert qu’une fois.
help-files = Une image se regarde ici sans danger. Tout autre fichier se lit sur une machine sans réseau.
help-print = Un dossier imprimé n’est plus scellé. Rangez-le sous clé.
done-kept = Votre choix est enregistré.

## Messages

tab-messages = Messages
tab-notes = Notes
week = semaine du { $day }
messages-heading = Échanges
messages-none = Aucun message pour l’instant. La première réponse est due dans les sept jours, ou le jour ouvré suivant.
message-ours = À la personne
message-theirs = De la personne
message-seen = lu
message-unseen = pas encore lu, à notre connaissance
message-dropped = jamais lu, et plus dans la boîte
message-earlier = À propos de la même affaire qu’un autre signalement de cette personne, c’est prouvé :
message-earlier-hidden = À propos de la même affaire qu’un autre signalement de cette personne, que vous n’avez pas à lire.
write-heading = Écrire à la personne
write-lang = Langue du message
write-template = Modèle
write-insert = Insérer
write-text = Message
write-care = Toute personne qui trouve le code secret lit ce message. Demandez des faits, jamais qui elle est. Ne répétez ni nom, ni numéro, ni ses mots.
write-send = Envoyer
write-check-again = Vérifier à nouveau et envoyer
write-anyway = Envoyer malgré tout
risks-heading = Ce message n’est pas parti
risks-what = Dites-le autrement, ou envoyez malgré tout si vous êtes certain.
risk-asks-who = Il demande qui elle est, ou mène à un autre moyen de se parler.
risk-number = Il répète un numéro qu’elle a donné : { $words }.
risk-name = Il répète un nom qu’elle a donné : { $words }.
risk-quotation = Il reprend ses propres mots : « { $words } ».
risk-displaces = { $count ->
    [one] La boîte est pleine : avec ce message, un message d’avant que la personne n’a pas lu est perdu.
   *[other] La boîte est pleine : avec ce message, { $count } messages d’avant que la personne n’a pas lus sont perdus.
}
text-empty = Le texte est vide.
text-too-long = Le texte est trop long d’environ { $count } caractères. Envoyez-le en deux fois.
text-overtaken = Quelque chose s’est passé dans ce dossier pendant que vous écriviez : votre texte n’est pas parti. Lisez ce qui est nouveau, changez votre texte s’il le faut, puis envoyez-le.
text-unfilled = Il reste un endroit à remplir : { $gap }
done-replied = Le message est déposé. La personne le trouvera à sa prochaine visite.
unlock-kept = L’atelier s’était verrouillé. Votre texte est gardé : déverrouillez pour continuer.

## Notes

notes-fact = Faits
notes-hypothesis = Hypothèses
notes-task = À faire
notes-transcript = Transcriptions
notes-none-fact = Rien d’établi encore.
notes-none-hypothesis = Aucune hypothèse.
notes-none-task = Rien à faire.
note-heading = Ajouter une note
note-kind = C’est
note-fact = un fait établi
notes-reason = Motifs des actions
note-hypothesis = une hypothèse
note-task = une tâche
note-transcript = la transcription d’un enregistrement
note-kind-missing = Choisissez ce que c’est : un fait, une hypothèse, une tâche ou une transcription.
note-text = Note
note-sealed = Scellée pour ce dossier. Qui peut lire le dossier peut lire la note, la personne non.
note-add = Ajouter
done-noted = La note est ajoutée.

## Recherche

search-title = Recherche
search-words = Mots cherchés
search-how = Le début des mots suffit. « entre guillemets » : ensemble. -mot : sans ce mot. Accents et majuscules ne comptent pas.
search-since = Reçu à partir du
search-do = Chercher
search-any = peu importe
search-no-words = Tapez au moins un mot, ou choisissez une catégorie, une étape, un bureau ou un jour.
search-undeclared = { $count ->
    [one] Un de vos dossiers n’a pas été parcouru : vous n’y avez rien déclaré.
   *[other] { $count } de vos dossiers n’ont pas été parcourus : vous n’y avez rien déclaré.
}
search-found = { $count ->
    [0] Rien trouvé dans les dossiers que vous pouvez lire
    [one] Un dossier trouvé
   *[other] { $count } dossiers trouvés
}
column-assignee = Qui l’a
column-category = Catégorie
alarms-found = En lisant les dossiers, ceci a été trouvé
tab-related = Similaires
related-heading = Dossiers qui pourraient concerner la même chose
linked-heading = Dossiers liés
related-none = Aucun autre dossier que vous pouvez lire n’a quelque chose de parlant en commun avec celui-ci.
relation-file = le même fichier est joint
relation-number = le même numéro : { $values }
relation-place = la même chose au même endroit : { $values }
relation-words = des mots que peu de dossiers ont : { $values }
help-search = chercher
help-write = écrire un message, une note

## Actes

tab-actions = Agir
stage-purged = détruit
deadline-kind-challenge = juger un conflit d’intérêts
deadline-kind-reopen = répondre ou rouvrir
release-desk-asked = un membre du bureau l’a demandé
release-referral = il décide d’une transmission
release-unreadable = deux membres l’ont clos comme illisible
declare-heading = Avant d’ouvrir : avez-vous un conflit d’intérêts ?
declare-what = Avant votre réponse, vous voyez le sujet, le lieu, qui est visé et ce que demande la personne, et rien d’autre. La réponse est signée et reste au journal. Il y a conflit si :
declare-kin = un proche, un ami ou un adversaire peut être concerné ;
declare-work = votre unité, votre supérieur ou un subordonné peut l’être, ou vous-même ;
declare-gain = vous pourriez y gagner ou y perdre quelque chose.
declare-told = Ce que le signalement en dit
declare-wishes = Ce que demande la personne
declare-wishes-what = Pensez-y avant d’ouvrir le dossier : une collègue ou un collègue conviendrait peut-être mieux.
declare-claim = Je n’en ai pas, et je prends le dossier
declare-challenged = Quelqu’un affirme que vous avez un conflit d’intérêts. Tant que ce n’est pas tranché, rien du dossier ne s’affiche : vous pouvez seulement vous récuser.
declare-conflict = J’ai un conflit d’intérêts
act-declare = Je n’ai pas de conflit d’intérêts : ouvrir
act-claim = Prendre le dossier
claim-declares = En le prenant, vous déclarez n’avoir aucun conflit d’intérêts.
act-assign = Confier
assign-to = Confier le dossier à
routing-heading = À qui serait-il suggéré ?
routing-what = Le premier de ceux qui sont là : d’abord qui lit la langue de la personne, puis qui a le moins à faire, puis par tirage au sort. Rien ne change ici.
routing-nobody = Personne du bureau ne peut le prendre.
routing-there = présent
routing-away = absent jusqu’au { $day }
routing-reads = oui
routing-reads-not = non
routing-load = Un dossier ouvert compte 4 pour P1, 3 pour P2, 2 pour P3, 1 pour P4. Seuls les dossiers que vous voyez sont comptés ici.
column-there = Présence
column-reads = Lit la langue
column-load = Charge
column-tie-breaker = Tirage
act-escalate = Donner accès à l’organe externe
act-recuse = Me récuser
confirm-recuse = Le dossier disparaît pour vous, pour toujours. Effacez ce que vous en avez enregistré.
act-challenge = Signaler un conflit d’intérêts
act-what-challenge = Tant que ce n’est pas jugé, cette personne ne peut que se récuser. Dites pourquoi dans une note.
challenge-claimed = Un conflit d’intérêts de { $who } est allégué.
challenge-upheld = Il y a conflit : retirer l’accès
challenge-dismissed = Il n’y en a pas
acts-who = Qui s’en occupe
acts-stage = Étape et priorité
acts-two = À deux
acts-two-what = Une personne propose, une autre approuve exactement la même chose.
first-read = Avant de clore : la personne a écrit quelque chose qui n’est pas encore traité.
first-answer = Avant de clore : répondez à la personne.
first-feedback = Avant de clore : écrivez à la personne ce qui a été fait, et pourquoi. C’est « le retour », à la page Messages.
first-retention = Le contenu pourra être détruit à partir du { $day }.
act-triage = Terminer le tri
act-assess = Commencer l’évaluation
act-investigate = Ouvrir l’enquête
act-decide = Décider
act-take-back = Reprendre le dossier
act-follow-up-referral = La transmission a été suivie
act-reopen = Rouvrir
act-mark-handled = Ce que la personne a écrit est traité
act-hold = Interdire la destruction
act-raise = Relever la priorité à
raise-do = Relever
act-link = Lier à un autre dossier
link-how = Les premiers caractères de son numéro. Qui lit l’un doit pouvoir lire l’autre.
link-do = Lier
act-propose-close = Clore
duplicate-of = Pour un doublon : le dossier qui a l’affaire
propose-do = Proposer
act-propose-lower = Baisser la priorité
act-propose-refer = Transmettre à une autorité
decision-duplicate = l’affaire est dans le dossier { $case }
decision-consent = la personne y consent : { $how }
decision-consent-asked = demandé à la personne, qui a accepté dans le message { $message }
act-propose-lift-hold = Lever l’interdiction de détruire
act-propose-purge = Détruire le contenu
refer-to = À qui
refer-consent = La personne y consent
refer-message = Numéro du message où elle accepte
consent-summary = en résumé, d’après le signalement
consent-full = tel quel, d’après le signalement
consent-asked = demandé, et accepté dans un message
consent-law = non, mais une loi l’impose
authority-prosecutor = parquet
authority-police = police ou gendarmerie
authority-anti-corruption = autorité anticorruption
authority-audit = Cour des comptes ou inspection d’État
authority-ombudsman = médiateur
authority-administration = autre administration
proposed-by = { $who } propose :
proposed-waits = Une autre personne doit approuver.
act-approve = Approuver
act-decline = Ne pas approuver
act-what-decline = La proposition prend fin.
reason-label = Motif
reason-how = Le motif est une note, scellée pour ce dossier.
act-withdraw = Retirer la proposition
act-propose-rotation = Proposer de nouvelles clés
act-approve-rotation = Approuver les nouvelles clés
act-resolve-challenge = Juger le conflit d’intérêts signalé
act-reply = Écrire à la personne
act-renew = Prolonger l’enquête de 90 jours, en disant pourquoi
act-note = Ajouter une note pour l’équipe
act-propose-unreadable = Clore comme illisible
rotate-what = Une autre personne qui lit le dossier doit approuver les nouvelles clés. Qui est laissé de côté ne lira alors plus rien de ce qui vient. Ce qui a été lu reste lu.
rotate-without = Laisser de côté
reason-disciplinary = mesure disciplinaire
reason-prosecution = poursuites pénales
reason-recovery = recouvrement
reason-other-measure = autre mesure
reason-disproved = les faits sont autres
reason-no-evidence = rien trouvé, ni pour ni contre
reason-too-vague = trop vague pour vérifier
reason-no-answer = pas de réponse aux questions nécessaires
reason-not-integrity = ne touche pas à l’intégrité
reason-other-body = relève d’un autre organisme
reason-same-matter = un autre dossier a l’affaire
reason-answered = la question a reçu réponse
reason-procedure = une procédure a changé
reason-training = des agents ont été formés
reason-system = un système a changé
choose = Choisissez…
confirm-heading = { $act } : confirmez-vous ?
confirm-not = Non, revenir
confirm-escalate = L’organe externe pourra lire ce dossier dès maintenant. Cet accès ne peut pas être retiré.
confirm-hold = Rien de ce dossier ne pourra être détruit tant que deux personnes n’auront pas levé l’interdiction.
confirm-approve-purge = Le signalement, les fichiers, les messages et les notes de ce dossier sont détruits et ne peuvent pas être récupérés. Les événements restent au journal.
confirm-propose-refer = Dès la proposition, l’organe externe peut lire ce dossier. Cet accès ne peut pas être retiré.
confirm-resolve-challenge = L’accès à ce dossier prend fin définitivement pour : { $who }.
confirm-approve-rotation = L’accès à ce dossier prend fin définitivement pour : { $who }.
confirm-propose-rotation = Après l’approbation, l’accès à ce dossier prend fin définitivement pour : { $who }.
reason-received-unreadable = il ne s’ouvre pas, tel qu’il a été collecté
done-acted = C’est fait, signé et inscrit au journal.
done-proposed = Vous avez proposé de clore le dossier comme illisible. Une autre personne qui ne peut pas l’ouvrir approuve.
done-unreadable = Le dossier est clos comme illisible. L’organe externe l’a maintenant, et essaie sa propre clé.
done-declared = Votre déclaration est signée et inscrite au journal.
done-gone = C’est fait. Le dossier n’est plus là pour vous.
write-purpose = Ce message est
purpose-message = une question ou une nouvelle
purpose-feedback = le retour final : ce qui a été fait, et pourquoi
purpose-renew = l’annonce de 90 jours de plus d’enquête, avec la raison
event-declared = a déclaré n’avoir aucun conflit d’intérêts
event-challenged = a signalé un conflit d’intérêts de { $who }
event-challenge-resolved-yes = a jugé qu’il y a conflit d’intérêts : { $who } n’a plus le dossier
event-challenge-resolved-no = a jugé que { $who } n’a pas de conflit d’intérêts
event-reopened-reporter = a rouvert le dossier : la personne a écrit
event-reopened-new-evidence = a rouvert le dossier : il y a de nouveaux éléments
event-proposed-close = a proposé de clore : { $disposition } ({ $reason })
event-approved-close = a approuvé la clôture : { $disposition } ({ $reason })
event-proposed-lower = a proposé de baisser la priorité à { $priority }
event-approved-lower = a approuvé la baisse de la priorité à { $priority }
event-proposed-refer = a proposé de transmettre : { $to }
event-approved-refer = a approuvé la transmission : { $to }
event-proposed-lift-hold = a proposé de lever l’interdiction de détruire
event-approved-lift-hold = a approuvé la levée de l’interdiction de détruire
event-proposed-purge = a proposé de détruire le contenu
event-approved-purge = a approuvé la destruction du contenu
event-withdrawn = a retiré la proposition
event-declined = n’a pas approuvé la proposition ; une note dit pourquoi
event-deadline-extended = a prolongé l’enquête de 90 jours et dit pourquoi à la personne
event-marked-handled = a traité ce que la personne a écrit
event-referral-followed-up = a suivi la transmission
event-linked = l’a lié au dossier { $to }
event-escalated = a donné accès à l’organe externe
event-legal-hold-placed = a interdit la destruction

## Premiers pas

start-title = Premiers pas
welcome-heading = Bienvenue dans l’atelier
welcome-what = Il n’y a pas encore de clé sur cet ordinateur. La clé ouvre les dossiers qui vous sont confiés, et elle ne quitte jamais vos mains.
welcome-new = Je commence
welcome-new-what = Vous créez votre clé et choisissez la phrase secrète qui la protège.
welcome-new-do = Créer ma clé
welcome-again = J’ai une feuille de secours
welcome-again-what = Vous changez d’ordinateur, ou l’ancien est en panne : votre clé revient de la feuille imprimée.
welcome-again-do = Reprendre ma clé
welcome-lost = La clé est perdue, la phrase oubliée ou l’ordinateur volé ? Prévenez l’administration et la personne qui dirige votre bureau, puis créez une nouvelle clé sous le même identifiant.
make-heading = Créer votre clé
make-what = Demandez votre identifiant à l’administration, puis choisissez une phrase secrète.
make-handle = Identifiant
make-handle-how = Il ne dit rien de vous : ni nom, ni initiales. Par exemple inspector-3.
make-handle-wrong = Un identifiant a de 1 à 32 caractères : lettres de a à z, chiffres, traits d’union.
make-do = Créer ma clé
passphrase-new = Nouvelle phrase secrète
passphrase-new-how = Douze caractères au moins. Cinq ou six mots pris au hasard sont le meilleur choix.
passphrase-again = La même, encore une fois
passphrase-idea = Proposer une phrase
passphrase-idea-what = Six mots tirés au hasard. Apprenez-les par cœur ; personne ne pourra vous les redire.
passphrase-lost = Personne ne peut retrouver une phrase oubliée, ni l’administration, ni les auteurs du programme.
passphrase-short = La phrase est trop courte : douze caractères au moins.
passphrase-guessable = La phrase se devine facilement. Prenez cinq ou six mots au hasard.
passphrase-differ = Les deux phrases ne sont pas les mêmes.
passphrase-works = Un instant…
strength-short = Trop courte
strength-guessable = Facile à deviner
strength-good = Bonne
strength-great = Très bonne
passphrase-heading = Changer la phrase secrète
passphrase-what = Changez-la si quelqu’un a pu vous voir la taper. Les feuilles et les copies d’avant s’ouvrent encore avec l’ancienne : détruisez-les, et faites une nouvelle feuille.
passphrase-old = Phrase secrète actuelle
passphrase-old-wrong = La phrase secrète actuelle est fausse.
passphrase-do = Changer
restore-heading = Reprendre votre clé
restore-what = Scannez le texte de votre feuille de secours, ou tapez-le.
restore-file = Fichier scanné, ou page enregistrée
restore-sheet = Ou le texte de la feuille
restore-sheet-how = De -----BEGIN à END … -----. Les espaces et les fins de ligne ne comptent pas.
restore-do = Reprendre ma clé
restore-stolen = Si l’ancien ordinateur a été volé, ne reprenez pas cette clé : créez-en une nouvelle, et prévenez l’administration.
restore-no-key = Il n’y a pas de clé scellée dans ce texte. Il commence par -----BEGIN AGE ENCRYPTED FILE-----.
restore-miscopied = Le texte n’est pas complet, ou une lettre est fausse. Comparez-le avec la feuille, ligne par ligne.
restore-passphrase = La phrase secrète n’ouvre pas cette feuille. C’est celle du jour où la feuille a été imprimée.
start-heading = Vos premiers pas
start-pause = Vous pouvez arrêter ici et revenir : ce qui est fait reste fait.
step-done = fait
step-key = Votre clé
step-key-what = Elle est sur cet ordinateur, scellée par votre phrase secrète.
step-sheet = La feuille de secours
step-sheet-what = Sans elle, un disque en panne emporte votre clé. Imprimez-la, et gardez-la sous clé dans un autre bâtiment.
step-sheet-do = Feuille de secours
step-membership = Votre inscription dans l’annuaire
step-membership-what = Portez ce fichier à l’administration, en personne, et lisez vos douze mots à voix haute. Les siens doivent être les mêmes. Sinon, arrêtez : quelqu’un a mis une autre clé à la place.
step-membership-do = Enregistrer request.json
step-connect = La connexion
step-connect-what = L’administration a signé l’annuaire ? Elle vous a donné une adresse et deux fichiers, ca.pem et trust.json.
step-connect-do = Se connecter
step-connect-pinned = Service des dossiers : { $handler }
step-connect-again = Essayer d’entrer
step-connect-other = Changer de service
connect-title = Connexion
connect-heading = Se connecter au service des dossiers
connect-what = L’adresse et les deux fichiers viennent de l’administration.
connect-address = Adresse
connect-address-wrong = Ce n’est pas une adresse. Elle commence par https://.
connect-ca = Fichier ca.pem
connect-ca-wrong = Ce fichier n’est pas un certificat. Il s’appelle ca.pem.
connect-trust = Fichier trust.json
connect-trust-wrong = Ce fichier ne contient pas les clés de confiance. Il s’appelle trust.json.
connect-next = Continuer
compare-heading = Comparez ces douze mots
compare-what = Ce sont les mots de l’installation. Ils sont sur les affiches, et sur la page « Protection » du site de signalement. Comparez-les mot à mot.
compare-until = Le service répond, et son annuaire est signé. Il vaut jusqu’au { $day }.
compare-same = Ce sont les mêmes
compare-differ = Ils diffèrent
compare-stop = S’ils diffèrent, n’allez pas plus loin, et prévenez l’organe externe : quelqu’un se fait passer pour le service.
sheet-heading = Feuille de secours
sheet-what = Imprimez cette page. La phrase secrète n’y figure pas, et ne doit jamais y figurer.
sheet-print = Imprimer
sheet-made = Elle est imprimée et sous clé
sheet-after = Imprimez sur un appareil de confiance, pas sur une imprimante partagée. La feuille s’ouvre avec la phrase secrète d’aujourd’hui : si vous en changez, brûlez-la et imprimez-en une autre.
done-made = Votre clé est créée.
done-restored = Votre clé est de retour. Cet ordinateur n’a encore rien vu : comparez les mots avec une affiche quand vous vous connecterez.
done-sheet = La feuille est notée.
done-passphrase = La clé est scellée par la nouvelle phrase. Faites une nouvelle feuille, et brûlez l’ancienne.
done-connected = L’atelier est connecté.
keys-sheet = Feuille de secours
keys-passphrase = Phrase secrète
keys-passphrase-what = Changez-la si quelqu’un a pu vous voir la taper.
keys-device = Changer d’ordinateur
keys-device-sheet = Ayez votre feuille de secours.
keys-device-new = Sur le nouvel ordinateur, lancez « burkindi serve », et choisissez « J’ai une feuille de secours ».
keys-device-old = Sur l’ancien, effacez ce que vous avez enregistré des dossiers, et ce répertoire :
keys-lost = Clé perdue, phrase oubliée, ordinateur volé
keys-lost-tell = Prévenez aujourd’hui l’administration et la personne qui dirige votre bureau.
keys-lost-new = Sur un ordinateur sûr, créez une nouvelle clé sous le même identifiant, et portez-la à l’administration.
keys-lost-cases = Vos collègues vous redonnent vos dossiers ; après un vol, ils font de nouvelles clés pour chacun.

## Absences

absence-title = Absences
absence-heading = Qui est absent
absence-what = À qui est absent, rien de nouveau n’est proposé. Ses dossiers restent les siens : confiez avant de partir ce qui presse.
absence-none = Personne de vos bureaux n’est absent
absence-list = Absents en ce moment
absence-until = jusqu’au { $day }
absence-back = De retour
absence-back-of = { $who } est de retour
absence-say = Annoncer une absence
absence-member = Qui
absence-last = Dernier jour d’absence
absence-do = Annoncer
absence-day-wrong = Choisissez un jour entre aujourd’hui et dans soixante jours. Pour une absence plus longue, l’administration vous retire de l’annuaire.
done-absence-set = L’absence est annoncée.
done-absence-cleared = Le retour est noté.

## Lecture des dossiers

reading-heading = Vos dossiers sont lus
reading-what = La recherche les ouvre et les vérifie ici, sur cet ordinateur. La première fois, cela prend un moment ; ensuite, seul le nouveau est lu.
reading-progress = { $done } dossiers sur { $of }
reading-leave = Vous pouvez aller ailleurs et revenir : la lecture reprend où elle en était.

## Refus

cause-file = Le fichier { $path } ne peut être ni lu ni écrit.
cause-file-exists = Le fichier { $path } existe déjà. Rien n’a été remplacé.
cause-file-missing = Le fichier { $path } n’est pas là.
cause-trust-state = Le fichier { $path } est abîmé. Il garde ce que cet ordinateur a vu, pour remarquer un état plus ancien. Après une coupure de courant : mettez ce fichier de côté, puis reconnectez-vous. Sinon, prévenez d’abord l’administration.
cause-file-malformed = Le fichier { $path } n’est pas lisible.
cause-unreachable = Aucune réponse, ou d’un autre service que celui qui est attendu.
cause-incomplete = La réponse du service s’est arrêtée avant la fin.
cause-unexpected = Le service a répondu autre chose que prévu.
cause-directory = L’annuaire du service n’est pas accepté.
cause-directory-unsigned = Trop peu de clés de confiance ont signé l’annuaire. Le fichier trust.json est peut-être d’une autre installation.
cause-directory-other = L’annuaire est d’une autre installation.
cause-directory-expired = L’annuaire a expiré le { $day }.
cause-directory-not-yet = L’annuaire est daté du { $day }, après aujourd’hui. Vérifiez la date de l’ordinateur.
cause-directory-rolled-back = Le service montre un annuaire plus ancien que celui qui a déjà été vu.
cause-directory-chain = Un annuaire manque dans la suite.
cause-directory-two = Le service donne deux annuaires différents pour le plus récent.
cause-no-case = Aucun de vos dossiers ne commence par { $prefix }.
cause-ambiguous = Plusieurs de vos dossiers commencent par { $prefix }. Donnez plus de caractères.
cause-prefix = Donnez au moins les quatre premiers caractères du numéro d’un dossier.
cause-grants = Aucun de vos accès à ce dossier ne s’ouvre.
cause-former-key = Ce dossier est scellé pour une clé que vous aviez avant. Demandez à la personne qui dirige votre bureau de proposer de nouvelles clés, et approuvez-les : Administration, Anciens lecteurs. Ou demandez à la personne qui a le dossier : Agir, Confier le dossier à { $who }. Si vous dirigez le bureau, l’administration nomme d’abord une autre personne à sa tête.
cause-other-case = Le service a donné un autre dossier que celui qui était demandé.
cause-purged = Le contenu de ce dossier a été détruit le { $day }. Seul son historique reste.
cause-unreadable = Ce dossier ne s’ouvre pas. Il a été envoyé ainsi, ou modifié avant que le service ne l’enregistre. Rien n’a été modifié depuis.
cause-unreadable-closed = Ce dossier ne s’ouvrait pas, et deux collègues l’ont clos comme illisible. L’organe externe l’a reçu.
unreadable-what = Si un collègue ne peut pas l’ouvrir non plus, fermez-le, chacun de votre côté. Avec la deuxième personne, l’organe externe reçoit le dossier. On ne peut pas le reprendre.
unreadable-close = Le clore comme illisible
cause-readable = Vous pouvez lire ce dossier : triez-le, et clôturez-le comme tout autre.
cause-not-purged = Le service dit que le contenu est détruit, mais l’historique signé ne le dit pas.
cause-unverified = L’historique de ce dossier ne tient pas : rien ne peut y être ajouté.
cause-alerts = Quelque chose ne va pas dans ce dossier. Regardez ses alarmes avant de faire de nouvelles clés.
cause-excluded = La personne qui a signalé exclut { $who }, ou son bureau.
cause-no-report = Le signalement ne se lit pas : on ne sait pas qui est exclu.
cause-expired = L’annuaire a expiré le { $day }. Aucun accès n’est donné avant que l’administration en signe un nouveau.
cause-not-in-directory = { $who } n’est pas dans l’annuaire.
cause-sealing = Le texte ne peut pas être scellé pour la personne qui a signalé.
cause-oversight-stays = { $who } est membre de l’organe externe et ne peut pas être laissé de côté.
cause-assignee-stays = { $who } a le dossier. Confiez-le d’abord à quelqu’un qui reste.
cause-newest-grant = Votre accès n’est pas au niveau des dernières clés de ce dossier. Demandez-le à un collègue avant d’écrire.
cause-event = { $who } : { $what }.
cause-conflict = Quelqu’un a agi avant vous. Rien de vous n’a été enregistré.
cause-consent-refused = La personne qui a signalé ne veut pas d’une autre autorité, sauf si la loi l’exige. Demandez-lui dans un message, ou invoquez la loi.
cause-consent-summary = La personne qui a signalé n’accepte qu’un résumé.
cause-consent-not-asked = La personne qui a signalé n’a pas donné d’accord. Demandez-lui, et donnez le numéro du message où elle accepte.
cause-consent-no-message = Aucun message de la personne qui a signalé ne porte ce numéro.
cause-rotation = Les nouvelles clés n’ont pas été approuvées : elles sont dépassées ou fausses. Refusez-les. Si ni une réponse ni un changement de lecteurs ne l’explique, prévenez l’organe externe.
cause-leaves-out = Les nouvelles clés laissent de côté { $who }. Regardez le dossier et décidez là.
cause-no-holder = { $who } n’a pas d’accès à ce dossier.
cause-not-recorded = Le service a répondu par un autre acte que celui que vous avez signé. Le vôtre n’est peut-être pas enregistré.
cause-not-chosen = Rien n’a été choisi. Rien n’a été signé.
cause-unseen = La personne a envoyé quelque chose que votre écran n’a pas encore montré ({ $count }). Ouvrez d’abord le signalement et les messages. Rien n’a été signé.
cause-index = La recherche ne fonctionne pas.
cause-sheet-too-long = Le fichier de la clé est trop long pour une feuille.
problem-unauthorized = Le service ne vous connaît pas, ou pas encore : l’administration doit signer un annuaire avec votre clé.
problem-not-found = Ce dossier n’existe pas, ou n’est pas pour vous.
problem-purged = Le contenu de ce dossier est détruit. Seul son historique reste.
problem-damaged-part = Une partie enregistrée de ce dossier est abîmée. L’administration du service doit restaurer une sauvegarde.
problem-oversight-only = Seul l’organe externe lit tout l’historique.
problem-no-directory = Aucun annuaire n’est encore publié.
problem-malformed = Le service n’a pas compris la demande. L’atelier et le service sont peut-être de versions différentes.
problem-stale = Quelqu’un a agi avant vous. Rien de vous n’a été enregistré.
problem-checking = Le service vient de démarrer et vérifie son historique. Réessayez dans une minute.
problem-clock = L’horloge du service a sauté. Rien n’est décidé avant que son administration ait vérifié.
problem-late = La demande a pris trop de temps. Vérifiez si votre action est enregistrée, puis réessayez.
problem-internal = Le service a eu une panne. Vérifiez si votre action est enregistrée, puis réessayez.
rule-stale = Quelqu’un a agi avant vous sur ce dossier.
rule-handler-only = Seul le service écrit cela.
rule-person-only = Seule une personne peut le faire.
rule-beginning = Un dossier commence par un signalement.
rule-recused = Cette personne s’est récusée de ce dossier.
rule-undeclared = Déclarez d’abord que vous n’avez pas de conflit d’intérêts, ou récusez-vous.
rule-declared = La déclaration est déjà faite.
rule-challenged = Un conflit d’intérêts est allégué. Avant qu’il soit jugé, cette personne ne peut que se récuser.
rule-not-challenged = Aucun conflit d’intérêts de cette personne n’est allégué.
rule-own-conflict = Nul n’allègue ni ne juge son propre conflit. Déportez-vous.
rule-unassigned = Quelqu’un doit d’abord avoir pris le dossier.
rule-assignee-only = Seule la personne qui a le dossier peut le faire.
rule-desk-only = Seuls les membres du bureau, ou l’organe externe, peuvent le faire.
rule-lead-only = Seule la personne qui dirige le bureau, ou l’organe externe, peut le faire.
rule-referral-role = La personne qui dirige le bureau et l’organe externe décident ensemble d’une transmission.
rule-one-lead = L’une des deux personnes doit diriger le bureau, ou siéger à l’organe externe.
rule-no-such-move = Un dossier ne passe pas de cette étape à celle-là.
rule-stage = Pas à l’étape où en est le dossier.
rule-two-persons = Une personne propose, une autre approuve.
rule-same-person = Qui a proposé n’approuve pas : il faut une autre personne.
rule-not-proposed = Cela n’a pas été proposé.
rule-pending = Une autre proposition attend. Approuvez-la ou retirez-la d’abord.
rule-feedback-first = Informez d’abord la personne qui a signalé.
rule-unread = La personne qui a signalé a écrit, et nul ne s’en est occupé.
rule-readable = Un collègue a ouvert ce dossier : il n’est pas illisible.
rule-reason = Ce motif ne va pas avec cette issue.
rule-not-a-code = Ici, un motif est un code : 32 lettres minuscules, chiffres et tirets au plus.
rule-duplicate-of = Un doublon nomme l’autre dossier, qui traite l’affaire ; les autres issues n’en nomment pas.
rule-only-raise = Une personne seule ne peut que relever la priorité.
rule-only-lower = La priorité n’est pas plus basse que maintenant.
rule-another-investigator = Un dossier rouvert va à une autre personne qu’avant.
rule-reporter-did-not-ask = La personne qui a signalé n’a pas écrit dans les 180 jours après la clôture.
rule-released = L’organe externe a déjà accès à ce dossier.
rule-not-missed = Aucun délai n’est dépassé.
rule-held = La destruction de ce dossier est interdite.
rule-not-held = La destruction de ce dossier n’est pas interdite.
rule-retention = Le dossier est encore conservé.
rule-linked = Les dossiers sont déjà liés.
rule-rotation = Les nouvelles clés ne suivent pas les clés actuelles.
rule-readers-changed = Les personnes qui lisent le dossier ont changé depuis la proposition. Retirez-la, et proposez de nouvelles clés.
rule-absence-lead-only = Seule la personne qui dirige un bureau annonce l’absence d’un membre.
rule-absence-past = Le dernier jour d’une absence n’est pas passé.
rule-absence-too-long = Une absence dure soixante jours au plus.
