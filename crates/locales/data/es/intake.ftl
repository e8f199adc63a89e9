### Las páginas de quien denuncia. Palabras sencillas, quince palabras por frase como máximo.

## Marco

skip = Ir al contenido
leave = Salir del sitio
languages = Idiomas
back = Volver
change = Cambiar
cover = Ocultar
required = (obligatorio)
footer-kept = Este sitio no pide su nombre y no guarda dirección de internet ni cookies.
protect-link = Cómo le protegemos
step = Paso { $number }/{ $last }
seal = Nuestro sitio recibe lo que escribe y lo protege con clave antes de guardarlo.
seal-short = Nuestro sitio lee lo que escribe y lo protege con clave.
emergency = ¿Una vida corre peligro? Llame primero al { $number }.

## Ayuda hablada

listen-size = { $size } MB
listen-off = Detener la ayuda hablada
listen-item = Escuchar:
listen-stop = Detener
listen-wait = El sonido está llegando. Puede tardar varios minutos.
listen-ready = Toque un altavoz. Las personas cercanas pueden oírlo: use auriculares.
listen-failed = El sonido no ha llegado. Compruebe la conexión e inténtelo de nuevo.
listen-unsupported = Este navegador no puede reproducir el sonido.

## Fechas

date-day = { $day } de { $month } de { $year }
date-first = 1 de { $month } de { $year }
date-week = semana del { $day }
month-1 = enero
month-2 = febrero
month-3 = marzo
month-4 = abril
month-5 = mayo
month-6 = junio
month-7 = julio
month-8 = agosto
month-9 = septiembre
month-10 = octubre
month-11 = noviembre
month-12 = diciembre

## Inicio

home-title = Inicio
home-heading = ¿Un problema en la aduana? Dígalo.
home-lead = Sin cuenta, sin dar su nombre.
home-promise-who = Usted elige quién no debe verla.
home-device = Use su propio teléfono, no la red de la oficina.
home-held = ¿Le retienen los papeles? Pida con cortesía la tarifa oficial.
home-report = Denunciar
home-return = Seguir mi denuncia
home-advice = Pedir consejo
home-learn = ¿Qué haría usted?
home-outside-what = Fuera de la aduana:

## Aprender

learn-title = Aprender
learn-heading = ¿Qué haría usted?
learn-lead = Situaciones breves del trabajo en la aduana. Toque una respuesta para ver qué pasa.
learn-untracked = Sus respuestas no salen de su dispositivo.
learn-what = ¿Qué haría usted?
learn-sound = Una buena decisión.
learn-unsound = No es la mejor decisión.
learn-seen = ¿Ha visto algo parecido? El asunto que debe elegir:
learn-report = Denunciarlo

## Antes de empezar

before-device = Use su propio teléfono u ordenador.
before-device-why = No use los del trabajo.
before-network = Evite la red de la oficina.
before-network-why = El wifi de la oficina puede mostrar quién abrió esta página.
before-photos = Las fotos y los archivos pueden mostrar quién es usted.
before-photos-why = A menudo contienen el lugar, la fecha o el nombre del aparato.
before-danger-why = Este sitio no es un servicio de emergencia.
before-limit-facts = Un hecho que pocos conocen puede señalarle.
before-limit-history = Su teléfono puede recordar esta visita. Use una ventana privada.

## Elección

audience-heading = ¿Qué le describe mejor?
audience-hint = Ayuda a elegir el equipo y se envía con lo que escribe.
subject-title = Paso 1
subject-heading = ¿De qué se trata?
case-title = Paso 2
case-heading = ¿Qué caso se parece más?
choose-unsure = No lo sé
choose-advice = Quiero un consejo
tell-title = Paso 3
advice-tell-title = Consejo, paso 2
advice-review-title = Consejo, paso 3
tell-heading-advice = Haga su pregunta
tell-quick = Si lo sabe
tell-speak = O hable
tell-facts = Añadir detalles
facts-title = Detalles
facts-heading = Detalles que ayudan
facts-hint = Responda lo que pueda. Deje lo demás vacío.
facts-you = Usted

## Preguntas

questions-where = Dónde y cuándo
questions-what = Los hechos
questions-who = Las personas implicadas
questions-exclude = Quién no debe ver su denuncia
questions-you = Su seguridad y lo que pasa después
questions-few = Algunos hechos
gentle-heading = Usted marca el ritmo
gentle-pace = Cuente hoy solo lo que quiera. Puede dejar vacía cualquier pregunta.
gentle-later = Puede enviar muy poco. Con su código secreto podrá añadir más después.
gentle-fault = Lo que le hicieron no es culpa suya.
gentle-support = Alguien con quien hablar
questions-review = Continuar
questions-back = Pulse «{ questions-review }» antes del botón Atrás de su dispositivo. Si no, este texto se pierde.
questions-keep = Mantenga abierta esta página, o guarde un borrador. Si no, se pierde lo que ha escrito.
no-answer = Elegir
radio-none = Sin respuesta
only-if = Solo si respondió «{ $answers }» a «{ $question }»
list-or = {" o "}
period-date = Dar una fecha
period-words = Una fecha, o por ejemplo «principios de mayo»
guarded-anyway = Quiero darlo de todos modos
format-example = Ejemplo: { $example }

## Errores al escribir

wrong-title = {"Error: "}
wrong-heading = Hay algo que corregir
wrong-choice = Esta opción ya no existe. Elija de nuevo.
wrong-option = Elija una de las respuestas de la lista.
wrong-story-missing = Escriba unas palabras. Basta una frase.
wrong-message-missing = Escriba un mensaje o añada un archivo.
wrong-receipt-missing = Escriba su código secreto, o sus doce palabras.
wrong-receipt = No reconocemos este código. Compare cada carácter con lo que anotó.
wrong-receipt-word = La palabra «{ $word }» no está en la lista.
wrong-receipt-place = La palabra { $place }, «{ $word }», no está en la lista.
wrong-receipt-near = La más parecida es «{ $near }».
wrong-receipt-take = Usar «{ $near }»
wrong-receipt-words = Hay { $count } palabras de 12. Compare con lo que anotó.
wrong-receipt-length = Hay { $count } caracteres de 28. Compare con lo que anotó.
wrong-receipt-group = El grupo { $group } tiene { $count } caracteres en lugar de 4. Compárelo con lo que anotó.
wrong-receipt-character = En el grupo { $group }, el signo «{ $sign }» no está en ningún código. Compare con lo que anotó.
wrong-receipt-code = Un carácter está mal, o dos están cambiados. Compare cada grupo con lo que anotó.
wrong-receipt-order = Las doce palabras existen, pero una está mal o dos están cambiadas. Compare cada palabra y su orden.
wrong-receipt-two = Esto contiene dos códigos secretos distintos. Deje solo uno.
wrong-receipt-file = No encontramos un código secreto en este archivo. Copie el código a mano.
wrong-earlier = Este no es el código secreto de otra denuncia. Corríjalo o déjelo vacío.
wrong-earlier-nothing = Aún no hay nada con el otro código secreto. Inténtelo mañana.
wrong-earlier-damaged = Los mensajes de la otra denuncia están dañados. Contacte con: { $contact }.
wrong-long = Es demasiado largo. El límite es de { $limit } caracteres.
wrong-format = Escriba la respuesta como en el ejemplo.
wrong-much = Es demasiado para un formulario. Acorte su texto.
wrong-text = Hay caracteres que no podemos leer. Bórrelos e inténtelo de nuevo.

## Revisión

review-title = Paso 4
review-heading = Revise y luego envíe
review-warnings = Esto podría señalarle
review-warnings-what = Usted decide. Puede ocultarlo, cambiarlo o dejarlo así.
review-hint = También se leerá: archivos, idioma, día y manera de proteger.
readers-heading = Quién la leerá
readers-count = { $count ->
    [one] 1 persona
   *[other] { $count } personas
}
readers-exclude = Excluir a alguien
readers-only = Solo la abren sus ordenadores.
readers-idle = nadie del equipo de este tema figura ahí. Por eso esta elección no excluye a nadie.
readers-later = Más tarde también podrá leerla esta autoridad: { $body }. Ocurre si se incumple un plazo, o si quedan muy pocos en el equipo. Usted y el equipo también pueden pedirlo. El equipo también puede darla a otra persona que usted no haya excluido.
readers-cases = ¿Y más tarde?
readers-refused = Usted no dijo que sí: esta autoridad no podrá abrirla, { $body }. Solo el equipo verá si se incumple un plazo.
readers-none-left = Ha excluido a demasiadas personas. Ningún equipo de la aduana puede leerla.
readers-oversight = Va directamente a esta autoridad, ajena a la aduana: { $body }.
readers-refused-alone = Usted no dijo que sí a esta autoridad: { $body }. Por eso no queda nadie para leerla. Para enviarla, cambie una respuesta.
readers-allow = Permitir a esta autoridad: { $body }
readers-exclude-fewer = Excluir a menos personas
review-danger = Si alguien corre peligro ahora, llame primero al { $number }.
review-category = Asunto
review-audience = Usted es
review-send = Enviar mi denuncia
review-send-advice = Enviar mi pregunta
review-wait = El envío puede tardar un minuto o más.
files-heading = Fotos o archivos
files-warn = Un archivo puede mostrar quién es usted.
files-hint = Añada los archivos al final.
files-cuts = Si la conexión se corta a menudo, envíe primero el texto, sin archivos. Añádalos después, uno por uno, con su código secreto.
files-how = Cómo los limpiamos
files-again = Elija de nuevo sus archivos.
files-clean = Antes de proteger sus archivos con clave, quitamos lugares, aparatos, fechas y nombres ocultos. También les cambiamos el nombre.
files-unclean = No podemos limpiar: .doc, .xls, .ppt, .rtf, .tif, .ogg, .zip, .vcf, .ps, correos, páginas web y los tipos que no conocemos. Se envían tal cual. Limpiar un archivo firmado anula su firma.
files-keep = Dejar mis archivos exactamente como están.
files-keep-why = Entonces pueden mostrar quién es usted.
guard-receipt = Un código secreto. Quien lo lea puede abrir nuestras respuestas:
guard-phone = Un número de teléfono:
guard-email = Una dirección de correo:
guard-name = Quizá su nombre:
guard-declaration = Un número que identifica un expediente:
guard-vehicle = Un número de vehículo o de contenedor:
guard-time = Una hora exacta:
guard-date = Una fecha exacta:
guard-tax = Un número fiscal:
guard-identity = El número de un documento de identidad:
guard-function = Un cargo que pocos ocupan:
guard-only-me = Pocas personas lo saben. Podrían adivinar que es usted.

## Lo que dicen los archivos

file-looking = Lo examinamos en su aparato…
file-redrawn = Redibujada en su aparato. Ya no lleva lugar, fechas ni aparato.
file-reduced = Redibujada más pequeña en su aparato. Ya no lleva lugar, fechas ni aparato.
file-full-size = Mantener el tamaño original
file-failed = No pudimos limpiar esta imagen. Puede mostrar quién es usted.
file-as-it-is = Enviarla tal cual
file-kept = Se enviará tal cual, como usted eligió. Puede mostrar quién es usted.
file-left-out = No enviarla
file-choose = Decida sobre { $what }: envíe esta imagen tal cual, o no la envíe.
file-unknown = No podemos comprobar todo en este archivo. Puede mostrar quién es usted.
file-unreadable = No podemos examinar este archivo. Quizá se cortó la conexión, o el archivo se movió, se modificó o se borró.
file-unreadable-choose = No podemos examinar { $what }. Elíjalo de nuevo, o no lo envíe.
file-again = Elegirlo de nuevo
scrubbed-heading = Lo que hicimos con sus archivos
scrubbed-image = Imagen { $number }
scrubbed-document = Documento { $number }
scrubbed-audio = Grabación { $number }
scrubbed-video = Vídeo { $number }
scrubbed-file = Archivo { $number }
scrubbed-removed = Quitado: { $what }.
scrubbed-left = Aún puede contener: { $what }.
scrubbed-nothing = No encontramos ningún rastro oculto. Revise lo que muestra.
scrubbed-kept = Enviado tal cual, como usted eligió.
scrubbed-broken = Una parte no se pudo leer. Esa parte se envió tal cual.
scrubbed-unknown = No podemos examinar este tipo de archivo. Se envió tal cual.
scrubbed-failed = No pudimos limpiar este archivo. No se envió entero. Vuelva con su código secreto para enviarlo tal cual. Entonces puede mostrar quién es usted.
scrubbed-empty = Este archivo está vacío.
scrubbed-signed = Lleva una firma electrónica. La firma nombra a quien firmó.
scrubbed-signature-broken = Lleva una firma electrónica. Ya no es válida, porque quitamos algo. Aún nombra a quien firmó.
scrubbed-advice = Una foto de la página dice menos que el archivo.
# Between the items of a list, with the space.
list-separator = { ", " }
trace-author = un nombre
trace-place = un lugar
trace-date = fechas
trace-device = el aparato o el programa
trace-words = títulos o comentarios
trace-preview = una imagen oculta
trace-history = quién cambió qué
trace-other = otras notas

## Código secreto

receipt-title = Ha llegado
receipt-heading = Ha llegado. Anote su código secreto.
receipt-lead = Sin él no podrá leer aquí nuestra respuesta.
receipt-code = Código secreto
receipt-words = O estas doce palabras, en este orden
receipt-keep-how = Basta uno de los dos.
receipt-secret = No lo muestre a nadie.
receipt-secret-why = Una persona que lo tiene puede leer nuestras respuestas y escribir en su lugar.
receipt-print = Puede imprimir o fotografiar esta página.
receipt-print-why = No muestra qué denunció. Nunca en un dispositivo compartido: allí queda una copia.
receipt-qr = El código como código QR
receipt-qr-use = Escanee este cuadrado con otro dispositivo suyo para copiar allí el código. El lector puede guardarlo en su historial.
receipt-save = Guardar como archivo de texto
receipt-save-what = El archivo se llama «reference». Solo contiene el código y las palabras.
receipt-next = Qué pasa ahora
receipt-next-answer = Una persona debe responderle aquí a más tardar el { $day }.
receipt-next-answer-soon = Una persona debe responderle aquí en una semana, más o menos. Vuelva entonces.
receipt-next-missed = Si aún no la tiene y usted no lo rechazó, pasa entonces a esta autoridad: { $body }.
receipt-late = ¿Y si nadie responde?
receipt-done = Lo he anotado
receipt-gone = Después, nadie podrá mostrarle otra vez este código.
receipt-sure = Sí, lo he anotado
receipt-use = Para leer nuestra respuesta, vuelva a este sitio con este código.
receipt-address = La página donde se introduce termina en
receipt-more = Imprimir, guardar
receipt-scan = Escanear el código
receipt-still = Anote primero su código secreto. Después pulse «{ receipt-done }».

## Copia y borrador

review-copy = Quiero una copia protegida con clave de lo que envío
review-copy-what = Es un archivo, para volver a leerse más tarde. Solo se abre con su código secreto. No en un dispositivo compartido.
own-save = Guardar mi copia protegida
own-apart = Guárdela lejos de su código secreto. Una persona que tiene los dos lee sus mensajes.
own-found = Una persona que encuentra solo este archivo no puede leerlo. Puede adivinar que usted oculta algo.
own-heading = Volver a leer mis mensajes
own-what = Esta página no contiene sus mensajes. Elija la copia que guardó. Ábrala antes de escribir: así se alarga.
own-file = Mi copia protegida
own-server = Nuestro sitio abre su copia.
own-open = Abrir mi copia
own-wrong = Este archivo no es una copia de esta denuncia, o fue modificado.
own-older = Su copia no contiene sus mensajes más recientes.
own-cut = Sus mensajes más antiguos no caben en esta página.
own-again = Su copia es larga. Elíjala otra vez cuando escriba o actualice.
thread-all = Todos los mensajes, el más reciente primero
thread-from-team = Para usted
thread-from-you = De usted
thread-own-files = Archivos: { $what }
draft-keep = Guardar este borrador
draft-continue = Continuar un borrador
draft-what = Sus respuestas quedan protegidas con clave en un archivo. Sus archivos y su voz no están en él.
draft-words = Anote estas doce palabras, en este orden.
draft-words-why = Sin ellas, el borrador ya no se abre. Nadie puede recuperarlas.
draft-save = Guardar el archivo
draft-found = Una persona que encuentra este archivo no puede leerlo sin las palabras. Puede adivinar que usted oculta algo.
draft-address = O copie esta dirección
draft-address-what = Contiene el mismo borrador. Muestra que usted ha estado aquí.
draft-again = Lo que cambie después no está en él. Guarde entonces un borrador nuevo.
draft-file = El archivo del borrador
draft-words-label = Las doce palabras del borrador
draft-replaces = El borrador sustituye lo que está escrito aquí.
draft-open = Abrir el borrador
draft-wrong = Este borrador no se abre. Compruebe el archivo y las doce palabras.
draft-failed = No ha funcionado. Compruebe la conexión y vuelva a intentarlo.

## Volver

return-title = Volver
return-heading = Seguir mi denuncia
return-label = Su código secreto, o sus doce palabras
return-hint = Mayúsculas y acentos no importan. En el código, tampoco espacios ni guiones.
return-hint-file = Puede pegar aquí todo el archivo guardado.
return-file = O elija el archivo guardado
return-file-photo = O elija el archivo guardado, o una foto del cuadrado
return-file-stays = No sale de este dispositivo.
return-seal = Nuestro sitio abre sus mensajes para usted. Los olvida 15 minutos después del último uso.
return-open = Abrir
return-nothing = Aquí no hay nada
return-nothing-soon = Si envió su denuncia hoy, vuelva mañana.
return-nothing-check = Si no, revise de nuevo su código secreto, carácter por carácter. Si es correcto, contacte con: { $contact }. Un caso cerrado hace mucho se borra.
return-damaged = Este buzón está dañado
return-damaged-what = Su código secreto es correcto, pero lo que hay aquí se dañó o se cambió. No lo mostramos.
return-damaged-do = No escriba aquí. Contacte con: { $contact }.
return-failed = No hemos podido abrir sus mensajes. Mantenga abierta esta página e inténtelo de nuevo.
return-lost = He perdido mi código secreto
return-lost-what = Nadie puede recuperarlo, ni siquiera nosotros. Puede hacer otra denuncia.

## Mensajes

thread-title = Mensajes
thread-heading = Cómo va su denuncia
thread-next = Puede esperar noticias a más tardar el { $day }.
thread-outside = Esta autoridad tiene su denuncia: { $body }.
thread-outside-asked = Usted pidió esta autoridad: { $body }. Dos personas del equipo aún deben darle acceso.
thread-received = { $count ->
    [one] Hemos recibido su denuncia.
   *[other] Hemos recibido { $count } mensajes suyos, incluida la denuncia.
}
thread-read = { $count ->
    [one] Una persona le respondió después de leer su denuncia.
   *[other] Una persona le respondió después de leer sus primeros { $count } mensajes.
}
thread-unread = Cuando respondamos, esta página mostrará lo que una persona ha leído.
thread-log-countersigned = Su denuncia está anotada en nuestro registro. Esta autoridad también firmó el registro el { $day }: { $body }.
thread-log-logged = Su denuncia está anotada en nuestro registro. Esta autoridad también lo firma, normalmente en una semana: { $body }.
thread-log-waiting = Su denuncia está guardada. La prueba de que está en nuestro registro aparecerá aquí.
thread-log-message = El último mensaje que recibimos de usted también está en él.
thread-log-message-waiting = El último mensaje que recibimos de usted está guardado y vendrá después.
thread-uncollected = Su último mensaje todavía no ha llegado al equipo.
thread-week = Actualizado en la { $week }.
thread-step = Etapa del caso: { $count }/5
thread-newest = Último mensaje para usted
thread-older = Mensajes anteriores
thread-none = Todavía no hay mensajes.
thread-sent = Su mensaje está en camino
thread-sent-what = Esta página mostrará cuándo lo ha recibido el equipo. No lo envíe otra vez hoy.
thread-again = Ver si hay novedades
thread-close = Cerrar
thread-kept = Durante 15 minutos, el historial de este dispositivo puede reabrir esta página. «Cerrar» lo impide.
reply-heading = Escríbanos
reply-label = Su mensaje
reply-warn = Recuerde: ni su nombre, ni lo que solo usted sabe.
reply-outside = Quiero que esta autoridad lea también mi denuncia: { $body }.
reply-files = Añadir fotos o archivos
reply-files-hint = Si la conexión se corta a menudo, envíe un archivo cada vez.
earlier-heading = ¿Ha hecho otra denuncia sobre lo mismo?
earlier-what = Escriba el código secreto de la otra. Quien pueda leer las dos verá el vínculo. El código no se transmite.
earlier-warn = Quien pueda leer las dos sabrá que las escribió la misma persona.
earlier-label = Código secreto de la otra denuncia
reply-again = Después pulse Enviar otra vez.
reply-seal = Nuestro sitio recibe su mensaje y lo protege con clave antes de guardarlo.
reply-send = Enviar
add-heading = Añadir detalles que ayudan
add-unsent = Sus detalles aún no se han enviado.
add-what = Responda a preguntas sobre su caso. Primero elija el tema: esta página no lo conoce.
add-open = Responder a las preguntas
add-none = Responda al menos a una pregunta.
stage-received = Recibida
stage-received-means = Su denuncia ha llegado. Alguien la leerá pronto.
stage-received-next = Después, esa persona juzga su urgencia.
stage-triaged = Leída
stage-triaged-means = Una persona leyó su denuncia y valoró su urgencia.
stage-triaged-next = Después, en general, comprobamos los hechos o cerramos el caso.
stage-assessing = En comprobación
stage-assessing-means = Comprobamos si podemos confirmar los hechos.
stage-assessing-next = Después suele venir una investigación, o se encarga otra autoridad.
stage-investigating = En investigación
stage-investigating-means = Hay una investigación en curso. Puede durar varios meses.
stage-investigating-next = Después suele venir una decisión.
stage-decided = Decidida
stage-decided-means = Se ha tomado una decisión. Le escribiremos aquí sobre ella.
stage-decided-next = Después, en general, se cierra el caso.
stage-referred = En otra autoridad
stage-referred-means = Otra autoridad se encarga ahora. Seguimos lo que hace.
stage-referred-next = Después, en general, el asunto vuelve a nosotros o se cierra el caso.
stage-closed = Caso cerrado
stage-closed-means = El trabajo ha terminado. Aún puede escribir, y puede reabrirse.
stage-closed-next = Por ahora no hay otro paso previsto.
stage-unreadable-means = No pudimos abrir su denuncia. Haga una nueva, por favor.
finding-forged = Un mensaje no era nuestro. No se muestra.
finding-earlier = { $count ->
    [one] Un mensaje anterior ya no está aquí.
   *[other] { $count } mensajes anteriores ya no están aquí.
}
finding-unseen = { $count ->
    [one] Un mensaje anterior ya no cabe aquí. Si no lo ha leído, pídanoslo.
   *[other] { $count } mensajes anteriores ya no caben aquí. Si no los ha leído, pídanoslos.
}
finding-withheld = { $count ->
    [one] Falta un mensaje. Quizá alguien lo retiene. Avise a: { $contact }.
   *[other] Faltan { $count } mensajes. Quizá alguien los retiene. Avise a: { $contact }.
}
finding-older-state = Esta página va por detrás de sus mensajes. Los investigadores tienen un mensaje suyo más reciente. Si no envió nada más, contacte con: { $contact }.
finding-missing = { $count ->
    [one] Uno de sus mensajes no ha llegado. Si mañana sigue faltando, envíelo de nuevo. Si se repite, contacte con: { $contact }.
   *[other] { $count } de sus mensajes no han llegado. Si mañana siguen faltando, envíelos de nuevo. Si se repite, contacte con: { $contact }.
}
finding-surplus = Hemos recibido más mensajes de los que esta página conoce. Es normal si escribió dos veces seguidas. Si no, contacte con: { $contact }.
finding-sequence = Los mensajes no se siguen unos a otros. Quizá uno de ellos no figura en el expediente de los investigadores. Antes de actuar según alguno de ellos, contacte con: { $contact }.
finding-log-missing = Esta página no muestra que su denuncia esté en nuestro registro. Vuelva mañana. Si sigue faltando, envíela de nuevo. Si se repite, contacte con: { $contact }.
finding-log-message-missing = Esta página no muestra que su último mensaje esté en nuestro registro. Vuelva mañana. Si sigue faltando, envíelo de nuevo. Si se repite, contacte con: { $contact }.
finding-log-wrong = La prueba de que sus mensajes están en nuestro registro no es válida. Vuelva mañana. Si se repite, contacte con: { $contact }.
finding-wrong-key = Algo va mal con estos mensajes. No escriba aquí. Contacte con: { $contact }.
finding-unconfirmed = Las claves de su caso se cambiaron para protegerle. Dos investigadores deben confirmarlo, y todavía no está hecho. Las respuestas más recientes no se pueden mostrar, y por ahora no puede escribir aquí. Vuelva dentro de unos días.

## Cómo le protegemos

protect-title = Protección
protect-heading = Cómo le protegemos
protect-lead = Su denuncia está protegida con clave (cifrada). Solo pueden abrirla sus destinatarios.
protect-stored = Lo que guarda este sitio
protect-stored-sealed = Un paquete protegido con clave que nuestro sitio no puede volver a abrir.
protect-stored-week = La semana en que llegó. Nuestras copias de seguridad lo guardan siete noches: su hora puede decir más.
protect-stored-pieces = Si el envío se corta: los trozos cerrados que llegaron, y hasta qué día los guardamos. Unos dos días.
protect-stored-size = Un tamaño redondeado, que casi no dice nada.
protect-stored-hour = Sin JavaScript: su texto, protegido con clave, una hora en memoria. El código secreto, tres horas. Los mensajes que abrió, 15 minutos.
protect-stored-handler = El servicio de casos guarda también días, equipo, idioma, urgencia y tamaños. También a quién excluyó y qué rechazó. Un caso cerrado se borra más tarde.
protect-not = Lo que nunca guardamos
protect-not-name = Ni su nombre, ni cuenta, ni contraseña.
protect-not-address = Ni dirección de internet ni rastro de su dispositivo.
protect-not-cookie = Sin cookies. El historial de su teléfono puede mostrar esta visita.
protect-not-third = Nuestras páginas no cargan nada de otra empresa.
protect-who = Quién puede leerla
protect-who-desk = El pequeño equipo encargado del asunto.
protect-who-excluded = No los servicios que usted excluye, si nuestra lista dice quién pertenece a ellos: no tienen clave. La autoridad de abajo no se puede excluir.
protect-who-outside = A veces también esta autoridad, ajena a la aduana: { $body }. Es para algunos temas, si se incumple un plazo, o si quedan muy pocos en el equipo. Usted y el equipo también pueden pedirlo. Tras violencia o acoso, puede rechazarlo.
protect-who-technician = Ningún técnico tiene clave. Pero quien controla nuestro sitio puede cambiarlo para leerle.
protect-ways = Dos maneras de proteger con clave
protect-device = Su dispositivo protege con clave
protect-device-what = Nuestro sitio nunca ve lo que escribe. Ve sus primeras elecciones si la página tarda. También si viene de otra página.
protect-device-needs = Necesita JavaScript. No le protege de una página falsa: compruebe su dirección. Tampoco le protege de un sitio cambiado.
protect-server = Nuestro sitio protege con clave
protect-server-what = Ve su texto en memoria, en cada página, y luego lo guarda protegido con clave.
protect-server-needs = Funciona sin JavaScript, también en el modo más seguro de Tor.
protect-ways-know = Una frase junto a su texto dice qué manera está en vigor.
protect-limits = Lo que no podemos prometer
protect-before = Antes de escribir
protect-onion = Con el navegador Tor también puede venir por esta dirección:
protect-onion-only = Solo se abre en el navegador Tor. No la escriba en otro sitio.
protect-limit-network = Su operador o la red de la oficina puede ver su visita. El navegador Tor la oculta.
protect-limit-leave = «{ leave }» abre otra página. Con JavaScript, pulsar Escape tres veces hace lo mismo. Sin JavaScript, o en algunos navegadores, Atrás puede volver a mostrar nuestro sitio.
protect-limit-saver = Un navegador que ahorra datos, como Opera Mini, puede enviar sus páginas a su empresa. No escriba nada con él.
protect-words = Las doce palabras de nuestras claves
protect-words-what = Permiten reconocer las claves que deciden quién puede leer.
protect-words-compare = Compárelas con un cartel en el idioma de esta página. Si una palabra cambia, no denuncie aquí.
protect-until = La lista de lectores autorizados es válida hasta el { $day }.
protect-until-after = Después no recibimos denuncias ni mensajes sin una nueva lista firmada.
protect-until-none = Hoy no podemos recibir nada: ninguna lista de lectores es válida.
protect-receipt = Su código secreto
protect-receipt-what = Permite leer nuestras respuestas y escribirnos. Por sí solo, nunca abre su denuncia.

## Errores

error-title = Problema
error-home = Ir al inicio
error-outside = También puede dirigirse a esta autoridad, ajena a la aduana:
error-busy = No podemos recibirlo en este momento
error-busy-what = No se ha enviado nada.
error-busy-do = Espere un minuto y recargue esta página. Lo envía todo de nuevo.
held-again-how = Lo que escribió está aquí. Espere un minuto y vuelva a enviar.
held-text = Su texto
held-files = Elija de nuevo sus archivos.
held-again = Volver a enviar
error-full = Ahora no hay espacio
error-full-what = No se ha enviado nada. Nuestro sitio no tiene espacio para este envío.
error-full-do = Pruebe mañana, o diríjase a: { $contact }.
error-no-files = Ahora no hay espacio para archivos
error-no-files-what = No se ha enviado nada. Un texto sin archivos todavía puede pasar.
error-no-files-do = Envíelo ahora sin archivos. Añádalos después con su código secreto.
error-large = Es demasiado para un envío
error-large-what = No se ha enviado nada. El límite es de 32 archivos y 230 MB en total.
error-large-do = Elija menos archivos o más pequeños. Envíe los demás después con su código secreto. Si su texto es muy largo, vuelva atrás y acórtelo.
error-form = No pudimos leer este formulario
error-form-what = No se ha enviado nada. Quizá la página estuvo abierta demasiado tiempo.
error-form-do = Vuelva atrás y pruebe otra vez, o empiece de nuevo.
error-expired = Esta página ya no se guarda
error-expired-what = Para protegerle, un texto se olvida una hora después de su último uso. Un código secreto, tras tres horas.
error-expired-do = Empiece de nuevo desde el inicio, por favor.
error-missing = Esta página no existe
error-missing-what = Quizá la dirección está mal escrita.
error-missing-do = Empiece por el inicio.
error-directory = Ahora no podemos recibir denuncias con seguridad
error-directory-what = No se ha enviado nada. No pudimos protegerlo con clave para las personas adecuadas.
error-directory-do = Vuelva mañana, por favor.
error-broken = Algo falló por nuestra parte
error-broken-what = Si no vio ninguna confirmación, quizá su envío no ha llegado.
error-broken-do = Recargue esta página para enviar otra vez. El mismo envío nunca cuenta dos veces.

# Con script: protege el navegador.
seal-here = Su dispositivo lo protege todo con clave. Nuestro sitio no puede leer nada.
seal-here-text = Su dispositivo protege con clave lo que escribe. Nuestro sitio solo conoce sus primeras elecciones.
seal-here-short = Su dispositivo protege con clave lo que escribe.
seal-here-reply = Su dispositivo protege este mensaje con clave. Nuestro sitio no puede leer nada.
seal-here-return = Su dispositivo abre sus mensajes. Nuestro sitio no puede leer nada.
seal-date = Si la fecha de su dispositivo es incorrecta, corríjala. Entonces podrá proteger su denuncia con clave.
altered-heading = No escriba nada aquí por ahora
altered-what = Partes de este formulario no están firmadas por la administración. Alguien quizá quiere leer lo que usted escribe.
altered-do = Inténtelo de nuevo en diez minutos. Si el mensaje vuelve, no use este formulario en ningún dispositivo. Llame al número de los carteles.
updated-heading = Nuestro sitio acaba de actualizarse
updated-copy = Lo que ha escrito sigue aquí. Cópielo y vuelva a cargar esta página.
updated-draft = Lo que ha escrito sigue aquí. Guarde un borrador o copie el texto. Luego vuelva a cargar esta página.
page-failed = No ha funcionado. Lo que ha escrito sigue aquí. Inténtelo de nuevo, o cópielo y vuelva a cargar esta página.
form-loading = El formulario se está cargando. Un momento.
form-by-site = Su dispositivo no cargó todo. Pulse otra vez: nuestro sitio lo hace por usted.
send-sealing = Su dispositivo protege su denuncia con clave.
send-progress = Enviando: { $done } %
send-waiting = Sin conexión. Mantenga abierta esta página. Nuevo intento en { $seconds } s.
switch-offline = Sin conexión no se puede cambiar el idioma. Esta página y su texto siguen aquí.
send-again = Probar ahora
send-stop = Detener el envío
send-failed = No se pudo enviar. Mantenga abierta esta página e inténtelo de nuevo.
send-too-large = Es demasiado para un envío. El límite es de 32 archivos y unos 230 MB en total.
send-busy = El servicio está muy ocupado. Mantenga abierta esta página. Nuevo intento en { $seconds } s.
send-full = Nuestro sitio no tiene espacio para este envío. Mantenga abierta esta página. Nuevo intento en { $seconds } s.

## Hablar en lugar de escribir

story-in-file = Adjuntaré una grabación u otro archivo en lugar de escribir
story-in-file-why = En un archivo de audio, su voz queda tal cual. Quien la conoce le reconoce.
recorder-heading = O dígalo
recorder-about = Su voz se cambia aquí, en su dispositivo. Su voz real no se envía.
recorder-known = Un conocido o una máquina aún puede reconocer su voz, sus palabras o su acento.
recorder-noise = Los ruidos a su alrededor aún se oyen. No diga su nombre.
recorder-start = Grabar mi voz
recorder-stop = Parar
recorder-cancel = Cancelar
recorder-play = Escuchar
recorder-pause = Parar el sonido
recorder-again = Grabar de nuevo
recorder-remove = Borrar
recorder-clock = Grabación: { $time } de { $limit }
recorder-asking = Permita el micrófono en su navegador.
recorder-altering = Estamos cambiando su voz. Deje esta página abierta.
recorder-ready = Escuche antes de enviar. Use auriculares si hay gente cerca.
recorder-silent = No hemos oído nada. Hable más cerca del micrófono y grabe de nuevo.
recorder-failed = Su dispositivo no pudo cambiar la voz. No se guarda nada. Escriba, por favor.
recorder-refused = El micrófono no funciona aquí. Escriba, o adjunte un archivo al final.
wrong-recording-unheard = Escuche su grabación, o bórrela, antes de seguir.
wrong-recording-busy = Pare primero la grabación, o espere a que esté lista.
review-recording = Su voz, cambiada
wrong-no-story = Falta el archivo que lo cuenta. Adjúntelo aquí, o vuelva y escriba.
error-no-story = Falta lo que pasó
error-no-story-what = No ha escrito ni adjuntado un archivo. No se envió nada.
error-no-story-do = Adjunte el archivo aquí, o vuelva y escriba.
error-no-reader = No queda nadie para leerla
error-no-reader-what = No queda nadie que pueda leerla. No se envió nada.
error-no-reader-do = Su texto sigue aquí. Cambie una respuesta en «Quién la leerá» y envíe.
