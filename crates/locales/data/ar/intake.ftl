### صفحات من يبلّغ. كلمات بسيطة، خمس عشرة كلمة في الجملة على الأكثر.

## الإطار

skip = إلى المحتوى
leave = مغادرة الموقع
languages = اللغات
back = رجوع
change = تغيير
cover = إخفاء
required = (إلزامي)
footer-kept = لا يطلب هذا الموقع اسمك، ولا يحتفظ بعنوان إنترنت ولا بملف ارتباط.
protect-link = كيف نحميك
step = الخطوة { $number }/{ $last }
seal = يستلم موقعنا ما تكتبه، ثم يقفله قبل أن يحفظه.
seal-short = يقرأ موقعنا ما تكتبه، ثم يقفله.
emergency = هل حياة في خطر؟ اتصل أولاً بالرقم { $number }.

## المساعدة الصوتية

listen-size = { $size } ميغابايت
listen-off = أوقف المساعدة الصوتية
listen-item = استمع:
listen-stop = أوقف
listen-wait = الصوت في الطريق. قد يستغرق ذلك عدة دقائق.
listen-ready = المس مكبّر صوت. قد يسمعه من هم قربك: استعمل سمّاعة.
listen-failed = لم يصل الصوت. تحقّق من الاتصال ثم أعد المحاولة.
listen-unsupported = هذا المتصفح لا يستطيع تشغيل الصوت.

## التواريخ

date-day = { $day } { $month } { $year }
date-first = 1 { $month } { $year }
date-week = أسبوع { $day }
month-1 = يناير
month-2 = فبراير
month-3 = مارس
month-4 = أبريل
month-5 = مايو
month-6 = يونيو
month-7 = يوليو
month-8 = أغسطس
month-9 = سبتمبر
month-10 = أكتوبر
month-11 = نوفمبر
month-12 = ديسمبر

## البداية

home-title = البداية
home-heading = هل واجهت مشكلة في الجمارك؟ أخبرنا بها.
home-lead = بلا حساب، وبلا ذكر اسمك.
home-promise-who = أنت تختار من لا يجب أن يراه.
home-device = استعمل هاتفك الخاص، لا شبكة المكتب.
home-held = أوراقك محتجزة؟ اطلب بأدب التعريفة الرسمية.
home-report = أبلّغ
home-return = متابعة بلاغي
home-advice = طلب نصيحة
home-learn = ماذا كنت ستفعل؟
home-outside-what = خارج الجمارك:

## التعلّم

learn-title = تعلّم
learn-heading = ماذا كنت ستفعل؟
learn-lead = مواقف قصيرة من العمل في الجمارك. المس جواباً لترى ما يحدث.
learn-untracked = لا تغادر أجوبتك جهازك.
learn-what = ماذا كنت ستفعل؟
learn-sound = اختيار سليم.
learn-unsound = ليس هذا أفضل اختيار.
learn-seen = هل رأيت شيئاً مشابهاً؟ الموضوع الذي تختاره:
learn-report = الإبلاغ عنه

## قبل أن تبدأ

before-device = استعمل هاتفك أو حاسوبك الخاص.
before-device-why = لا هاتف العمل ولا حاسوبه.
before-network = تجنّب شبكة المكتب.
before-network-why = قد تُظهر شبكة المكتب من فتح هذه الصفحة.
before-photos = قد تكشف الصور والملفات هويتك.
before-photos-why = كثيراً ما تحمل المكان أو التاريخ أو اسم الجهاز.
before-danger-why = هذا الموقع ليس خدمة طوارئ.
before-limit-facts = قد تدل عليك واقعة لا يعرفها إلا القليل.
before-limit-history = قد يتذكر هاتفك هذه الزيارة. استعمل نافذة خاصة.

## الاختيار

audience-heading = ما الذي يصفك أفضل؟
audience-hint = يساعد على اختيار الفريق، ويُرسل مع ما تكتبه.
subject-title = الخطوة 1
subject-heading = ما الموضوع؟
case-title = الخطوة 2
case-heading = أي حالة هي الأقرب؟
choose-unsure = لا أعرف
choose-advice = أريد نصيحة
tell-title = الخطوة 3
advice-tell-title = نصيحة، الخطوة 2
advice-review-title = نصيحة، الخطوة 3
tell-heading-advice = اطرح سؤالك
tell-quick = إن كنت تعرف
tell-speak = أو تكلم
tell-facts = أضف تفاصيل
facts-title = تفاصيل
facts-heading = تفاصيل تساعد
facts-hint = أجب عما تستطيع. واترك الباقي فارغاً.
facts-you = أنت

## الأسئلة

questions-where = أين ومتى
questions-what = ما حدث
questions-who = الأشخاص المعنيون
questions-exclude = من لا يجب أن يرى بلاغك
questions-you = سلامتك وما يحدث بعد ذلك
questions-few = بعض الوقائع
gentle-heading = أنت تحدد الإيقاع
gentle-pace = قل اليوم ما تريد فقط. يمكنك ترك أي سؤال فارغاً.
gentle-later = يمكنك إرسال القليل جداً. يمكنك برمزك السري أن تضيف لاحقاً.
gentle-fault = ما فُعل بك ليس ذنبك.
gentle-support = من يمكنك التحدث إليه
questions-review = متابعة
questions-back = اضغط «{ questions-review }» قبل زر الرجوع في جهازك. وإلا ضاع هذا النص.
questions-keep = أبقِ هذه الصفحة مفتوحة، أو احتفظ بمسودة. وإلا ضاع ما كتبته.
no-answer = اختر
radio-none = بلا جواب
only-if = فقط إذا أجبت «{ $answers }» عن «{ $question }»
list-or = {" أو "}
period-date = إعطاء تاريخ
period-words = تاريخ، أو مثلاً «أوائل مايو»
guarded-anyway = أريد أن أعطيه رغم ذلك
format-example = مثال: { $example }

## أخطاء الكتابة

wrong-title = {"خطأ: "}
wrong-heading = هناك ما يحتاج إلى تصحيح
wrong-choice = لم يعد هذا الاختيار متاحاً. اختر من جديد.
wrong-option = اختر واحداً من أجوبة القائمة.
wrong-story-missing = اكتب بضع كلمات. تكفي جملة واحدة.
wrong-message-missing = اكتب رسالة أو أضف ملفاً.
wrong-receipt-missing = اكتب رمزك السري أو كلماتك الاثنتي عشرة.
wrong-receipt = لا نتعرف على هذا الرمز. قارن كل حرف بما دوّنته.
wrong-receipt-word = الكلمة «{ $word }» ليست في القائمة.
wrong-receipt-place = الكلمة رقم { $place }، «{ $word }»، ليست في القائمة.
wrong-receipt-near = أقرب كلمة هي «{ $near }».
wrong-receipt-take = اختيار «{ $near }»
wrong-receipt-words = عدد الكلمات { $count } من 12. قارن بما دوّنته.
wrong-receipt-length = عدد الأحرف { $count } من 28. قارن بما دوّنته.
wrong-receipt-group = في المجموعة { $group } عدد الأحرف { $count } بدل 4. قارنها بما دوّنته.
wrong-receipt-character = في المجموعة { $group }، العلامة «{ $sign }» ليست في أي رمز. قارن بما دوّنته.
wrong-receipt-code = حرف خطأ، أو حرفان تبادلا مكانهما. قارن كل مجموعة بما دوّنته.
wrong-receipt-order = الكلمات الاثنتا عشرة موجودة، لكن إحداها خطأ أو اثنتين تبادلتا مكانهما. قارن كل كلمة وترتيبها.
wrong-receipt-two = هذا يحتوي على رمزين سريين مختلفين. اترك واحداً فقط.
wrong-receipt-file = لا نجد رمزاً سرياً في هذا الملف. انسخ الرمز بيدك.
wrong-earlier = هذا ليس الرمز السري لبلاغ آخر. صحّحه أو اتركه فارغاً.
wrong-earlier-nothing = لا شيء بعد بالرمز السري الآخر. حاول غداً.
wrong-earlier-damaged = رسائل البلاغ الآخر متضررة. اتصل بـ{ $contact }.
wrong-long = هذا طويل جداً. الحد هو { $limit } حرف.
wrong-format = اكتب الجواب كما في المثال.
wrong-much = هذا أكثر مما يتسع له النموذج. اختصر نصك.
wrong-text = فيه علامات لا يمكن قراءتها. احذفها وحاول من جديد.

## المراجعة

review-title = الخطوة 4
review-heading = راجعه ثم أرسله
review-warnings = قد يدل هذا عليك
review-warnings-what = القرار لك. أخفه أو غيّره أو اتركه كما هو.
review-hint = سيُقرأ هذا مع ملفاتك ولغتك ويوم وصوله وطريقة قفله.
readers-heading = من سيقرؤه
readers-count = { $count ->
    [zero] لا أحد
    [one] شخص واحد
    [two] شخصان
    [few] { $count } أشخاص
    [many] { $count } شخصاً
   *[other] { $count } شخص
}
readers-exclude = استبعاد شخص
readers-only = لا تفتحه إلا حواسيبهم.
readers-later = وقد تقرؤه لاحقاً هذه الهيئة أيضاً: { $body }. يحدث ذلك إذا فات موعد، أو لم يبق في الفريق عدد كافٍ. ويمكنك أنت أو الفريق طلب ذلك أيضاً.
readers-cases = ولاحقاً؟
readers-refused = لم تقل نعم: لن تستطيع هذه الهيئة فتحه، { $body }. الفريق وحده سيرى إن فات موعد.
readers-none-left = استبعدت أشخاصاً كثيرين. لم يبق في الجمارك فريق يستطيع قراءته.
readers-oversight = يذهب مباشرة إلى هذه الهيئة خارج الجمارك: { $body }.
readers-refused-alone = لم تقل نعم لهذه الهيئة: { $body }. لذلك لم يبق أحد ليقرأه. لإرساله، غيّر إجابة.
readers-allow = السماح لهذه الهيئة: { $body }
readers-exclude-fewer = استبعاد عدد أقل من الأشخاص
review-danger = إذا كان أحد في خطر الآن، فاتصل أولاً بالرقم { $number }.
review-category = الموضوع
review-audience = أنت
review-send = أرسل بلاغي
review-send-advice = أرسل سؤالي
review-wait = قد يستغرق الإرسال دقيقة أو أكثر.
files-heading = صور أو ملفات
files-warn = قد يُظهر الملف من أنت.
files-hint = أضف الملفات في النهاية.
files-cuts = إن كان اتصالك ينقطع كثيراً فأرسل النص أولاً بلا ملفات. ثم أضفها لاحقاً، واحداً واحداً، برمزك السري.
files-how = كيف ننظّفها
files-again = اختر ملفاتك من جديد.
files-clean = قبل قفل ملفاتك نزيل ما خفي فيها من أماكن وأجهزة وتواريخ وأسماء. ونغيّر أسماءها أيضاً.
files-unclean = لا يمكننا تنظيف: ‎.doc و‎.xls و‎.ppt و‎.rtf و‎.tif و‎.ogg و‎.zip و‎.vcf و‎.ps والرسائل وصفحات الويب والأنواع التي لا نعرفها. تُرسل كما هي. تنظيف ملف موقّع يُبطل توقيعه.
files-keep = إبقاء ملفاتي كما هي تماماً.
files-keep-why = قد تكشف عندئذ من أنت.
guard-receipt = رمز سري. من يقرؤه يستطيع فتح ما نرد به عليك:
guard-phone = رقم هاتف:
guard-email = عنوان بريد إلكتروني:
guard-name = اسمك ربما:
guard-declaration = رقم يحدد ملفاً بعينه:
guard-vehicle = رقم مركبة أو حاوية:
guard-time = وقت دقيق:
guard-date = تاريخ محدد:
guard-tax = رقم ضريبي:
guard-identity = رقم وثيقة هوية:
guard-function = وظيفة لا يشغلها إلا القليل:
guard-only-me = قليلون يعرفون هذا. قد يخمّنون أنه أنت.

## ما تقوله الملفات

file-looking = نفحصه على جهازك…
file-redrawn = أُعيد رسمها على جهازك. زال المكان والتواريخ والجهاز.
file-reduced = أُعيد رسمها أصغر على جهازك. زال المكان والتواريخ والجهاز.
file-full-size = الاحتفاظ بالحجم الأصلي
file-failed = لم نتمكن من تنظيف هذه الصورة. قد تكشف من أنت.
file-as-it-is = إرسالها كما هي
file-kept = سيُرسل كما هو، كما اخترت. قد يكشف من أنت.
file-left-out = عدم الإرسال
file-choose = قرّر بشأن { $what }: أرسل هذه الصورة كما هي، أو لا ترسلها.
file-unknown = لا يمكننا فحص كل ما في هذا الملف. قد يكشف من أنت.
file-unreadable = لا يمكننا فحص هذا الملف. ربما انقطع الاتصال، أو نُقل الملف أو عُدّل أو حُذف.
file-unreadable-choose = لا يمكننا فحص { $what }. اختره من جديد، أو لا ترسله.
file-again = اختياره من جديد
scrubbed-heading = ما فعلناه بملفاتك
scrubbed-image = صورة { $number }
scrubbed-document = مستند { $number }
scrubbed-audio = تسجيل { $number }
scrubbed-video = فيديو { $number }
scrubbed-file = ملف { $number }
scrubbed-removed = أُزيل: { $what }.
scrubbed-left = قد يبقى فيه: { $what }.
scrubbed-nothing = لم نجد أثراً مخفياً. تحقق مما يُظهره.
scrubbed-kept = أُرسل كما هو، كما اخترت.
scrubbed-broken = تعذرت قراءة جزء منه. أُرسل ذلك الجزء كما هو.
scrubbed-unknown = لا يمكننا فحص هذا النوع من الملفات. أُرسل كما هو.
scrubbed-failed = لم نتمكن من تنظيف هذا الملف. لم يُرسل كله. عُد برمزك السري لإرساله كما هو. قد يكشف عندئذ من أنت.
scrubbed-empty = هذا الملف فارغ.
scrubbed-signed = يحمل توقيعاً إلكترونياً يذكر اسم من وقّع.
scrubbed-signature-broken = يحمل توقيعاً إلكترونياً لم يعد صالحاً، لأننا أزلنا منه شيئاً. وما زال يذكر اسم من وقّع.
scrubbed-advice = صورة الصفحة تكشف أقل مما يكشفه الملف نفسه.
# Between the items of a list, with the space.
list-separator = { "، " }
trace-author = اسم
trace-place = مكان
trace-date = تواريخ
trace-device = الجهاز أو البرنامج
trace-words = عناوين أو تعليقات
trace-preview = صورة مخفية
trace-history = من غيّر ماذا
trace-other = ملاحظات أخرى

## الرمز السري

receipt-title = وصل
receipt-heading = استلمنا ما كتبته. دوّن رمزك السري.
receipt-lead = من دونه لن تستطيع قراءة ردّنا هنا.
receipt-code = الرمز السري
receipt-words = أو هذه الكلمات الفرنسية الاثنتا عشرة، بهذا الترتيب
receipt-keep-how = يكفي واحد منهما.
receipt-secret = لا تُرِه لأحد.
receipt-secret-why = من يملكه يقرأ ردودنا ويكتب مكانك.
receipt-print = يمكنك طباعة هذه الصفحة أو تصويرها.
receipt-print-why = لا تُظهر بماذا أبلغت. لا تفعل ذلك على جهاز مشترك: تبقى فيه نسخة.
receipt-qr = الرمز على شكل QR
receipt-qr-use = إذا مسحت هذا المربع بجهاز آخر لك ظهر الرمز عليه. وقد يحفظه تطبيق المسح في سجلّه.
receipt-save = حفظ كملف نصي
receipt-save-what = اسم الملف «reference». فيه الرمز والكلمات فقط.
receipt-next = ماذا يحدث بعد ذلك
receipt-next-answer = يجيبك شخص هنا في موعد أقصاه { $day }.
receipt-next-answer-soon = يجيبك شخص هنا خلال أسبوع تقريباً. عد حينها.
receipt-next-missed = ما لم يكن عندها أو رفضت ذلك، ينتقل حينها إلى هذه الهيئة: { $body }.
receipt-late = وإن لم يُجب أحد؟
receipt-done = دوّنته
receipt-gone = بعد ذلك لا يستطيع أحد أن يعرض لك هذا الرمز مرة أخرى.
receipt-sure = نعم، دوّنته
receipt-use = لقراءة ردّنا، عد إلى هذا الموقع ومعك هذا الرمز.
receipt-address = ينتهي عنوان صفحة إدخاله بـ
receipt-more = طباعة، حفظ
receipt-scan = مسح الرمز
receipt-still = دوّن رمزك السري أولاً. ثم اضغط «{ receipt-done }».

## النسخة والمسودة

review-copy = أريد نسخة مقفلة مما أرسله
review-copy-what = هي ملف لتقرأ كلامك من جديد لاحقاً. لا يُفتح إلا برمزك السري. ليس على جهاز مشترك.
own-save = احفظ نسختي المقفلة
own-apart = احفظها بعيداً عن رمزك السري. من يملك الاثنين يقرأ رسائلك.
own-found = من يجد هذا الملف وحده لا يستطيع قراءته. قد يخمّن أنك تخفي شيئاً.
own-heading = قراءة رسائلي من جديد
own-what = هذه الصفحة لا تحتوي على رسائلك. اختر النسخة التي حفظتها. افتحها قبل أن تكتب، فتضاف رسالتك إليها.
own-file = نسختي المقفلة
own-server = يفتح موقعنا نسختك من أجلك.
own-open = افتح نسختي
own-wrong = هذا الملف ليس نسخة من هذا البلاغ، أو تم تغييره.
own-older = نسختك لا تحتوي على أحدث رسائلك.
own-cut = لا مكان لأقدم رسائلك في هذه الصفحة.
own-again = نسختك طويلة. اخترها مرة أخرى عندما تكتب أو تحدّث الصفحة.
thread-all = كل الرسائل، الأحدث أولاً
thread-from-team = إليك
thread-from-you = منك
thread-own-files = الملفات: { $what }
draft-keep = احتفظ بهذه المسودة
draft-continue = متابعة مسودة
draft-what = أجوبتك مقفلة في ملف. ملفاتك وصوتك ليسا فيه.
draft-words = دوّن هذه الكلمات الاثنتي عشرة بهذا الترتيب.
draft-words-why = من دونها لا تُفتح المسودة. لا أحد يستطيع استعادتها.
draft-save = احفظ الملف
draft-found = من يجد هذا الملف لا يستطيع قراءته من دون الكلمات. قد يخمّن أنك تخفي شيئاً.
draft-address = أو انسخ هذا العنوان
draft-address-what = فيه المسودة نفسها. وهو يُظهر أنك كنت هنا.
draft-again = ما تغيّره بعد ذلك ليس فيها. عندها احتفظ بمسودة جديدة.
draft-file = ملف المسودة
draft-words-label = كلمات المسودة الاثنتا عشرة
draft-replaces = تحل المسودة محل ما هو مكتوب هنا.
draft-open = افتح المسودة
draft-wrong = هذه المسودة لا تُفتح. تحقق من الملف ومن الكلمات الاثنتي عشرة.
draft-failed = لم ينجح ذلك. تحقق من الاتصال، ثم حاول من جديد.

## العودة

return-title = العودة
return-heading = متابعة بلاغي
return-label = رمزك السري أو كلماتك الاثنتا عشرة
return-hint = لا تهم علامات الحروف ولا كبرها. ولا تهم المسافات والشرطات في الرمز.
return-hint-file = يمكنك لصق الملف المحفوظ كاملاً هنا.
return-file = أو اختر الملف المحفوظ
return-file-photo = أو اختر الملف المحفوظ، أو صورة للمربع
return-file-stays = لا يغادر هذا الجهاز.
return-seal = يفتح موقعنا رسائلك لك. ثم ينساها بعد 15 دقيقة من آخر استعمال.
return-open = افتح
return-nothing = لا شيء هنا
return-nothing-soon = إذا أرسلت بلاغك اليوم، فعد غداً.
return-nothing-check = وإلا فراجع رمزك السري من جديد، حرفاً حرفاً. إن كان صحيحاً، فاتصل بـ{ $contact }. الملف المغلق منذ زمن طويل يُحذف.
return-damaged = هذا الصندوق متضرر
return-damaged-what = رمزك السري صحيح، لكن ما هنا تضرر أو تغيّر. لا نعرضه.
return-damaged-do = لا تكتب هنا. اتصل بـ{ $contact }.
return-failed = تعذّر فتح رسائلك. أبقِ هذه الصفحة مفتوحة وحاول من جديد.
return-lost = أضعت رمزي السري
return-lost-what = لا أحد يستطيع استعادته، ولا نحن. يمكنك تقديم بلاغ جديد.

## الرسائل

thread-title = الرسائل
thread-heading = إلى أين وصل بلاغك
thread-next = يمكنك توقع أخبار في موعد أقصاه { $day }.
thread-outside = بلاغك عند هذه الهيئة: { $body }.
thread-received = { $count ->
    [zero] لم يصلنا منك شيء بعد.
    [one] وصلنا بلاغك.
    [two] وصلتنا منك رسالتان، إحداهما بلاغك.
    [few] وصلتنا منك { $count } رسائل، منها بلاغك.
    [many] وصلتنا منك { $count } رسالة، منها بلاغك.
   *[other] وصلتنا منك { $count } رسالة، منها بلاغك.
}
thread-read = { $count ->
    [zero] لم يؤكد أي رد القراءة بعد.
    [one] ردّ عليك شخص بعد أن قرأ بلاغك.
    [two] ردّ عليك شخص بعد أن قرأ أول رسالتين منك.
    [few] ردّ عليك شخص بعد أن قرأ أول { $count } رسائل منك.
    [many] ردّ عليك شخص بعد أن قرأ أول { $count } رسالة منك.
   *[other] ردّ عليك شخص بعد أن قرأ أول { $count } رسالة منك.
}
thread-unread = عندما نرد، ستُظهر هذه الصفحة ما قرأه شخص منا.
thread-log-countersigned = بلاغك مكتوب في سجلّنا. وقّعت هذه الهيئة أيضاً على السجلّ في { $day }: { $body }.
thread-log-logged = بلاغك مكتوب في سجلّنا. توقّع عليه هذه الهيئة أيضاً، عادةً خلال أسبوع: { $body }.
thread-log-waiting = بلاغك محفوظ عندنا. سيظهر هنا لاحقاً ما يثبت أنه في سجلّنا.
thread-log-message = آخر رسالة وصلتنا منك فيه أيضاً.
thread-log-message-waiting = آخر رسالة وصلتنا منك محفوظة وستلحق به.
thread-uncollected = لم يصل إلى الفريق بعد آخر ما أرسلته.
thread-week = آخر تحديث: { $week }.
thread-step = مرحلة الملف: { $count }/5
thread-newest = آخر رسالة لك
thread-older = رسائل أقدم
thread-none = لا رسائل بعد.
thread-sent = رسالتك في الطريق
thread-sent-what = ستُظهر هذه الصفحة متى استلمها الفريق. لا ترسلها مرة أخرى اليوم.
thread-again = هل من جديد؟
thread-close = إغلاق
thread-kept = يمكن فتح هذه الصفحة مجدداً من سجل هذا الجهاز مدة 15 دقيقة. «إغلاق» يُنهي ذلك.
reply-heading = اكتب إلينا
reply-label = رسالتك
reply-warn = تذكّر: لا تكتب اسمك ولا ما لا يعرفه غيرك.
reply-outside = أريد أن تقرأ هذه الهيئة بلاغي أيضاً: { $body }.
reply-files = إضافة صور أو ملفات
reply-files-hint = إن كان اتصالك ينقطع كثيراً فأرسل ملفاً واحداً في كل مرة.
earlier-heading = هل قدّمت بلاغاً آخر عن الأمر نفسه؟
earlier-what = اكتب رمزه السري. من يحق له قراءة الاثنين يرى الصلة. لا يُنقل الرمز إلى أحد.
earlier-warn = من يحق له قراءة البلاغين سيعرف أن كاتبهما واحد.
earlier-label = الرمز السري للبلاغ الآخر
reply-again = ثم اضغط «أرسل» مرة أخرى.
reply-seal = يستلم موقعنا رسالتك، ثم يقفلها قبل أن يحفظها.
reply-send = أرسل
stage-received = تم الاستلام
stage-received-means = وصل بلاغك. سيقرؤه أحد قريباً.
stage-received-next = بعد ذلك يقدّر مدى استعجاله.
stage-triaged = قُرئ
stage-triaged-means = قرأ شخص بلاغك وقدّر مدى استعجاله.
stage-triaged-next = بعد ذلك، في العادة، نتحقق من الوقائع أو نغلق الملف.
stage-assessing = فحص الوقائع
stage-assessing-means = نتحقق هل يمكن إثبات الوقائع.
stage-assessing-next = بعد ذلك يأتي عادةً تحقيق، أو تتولى الأمر سلطة أخرى.
stage-investigating = قيد التحقيق
stage-investigating-means = التحقيق جارٍ. قد يستغرق بضعة أشهر.
stage-investigating-next = بعد ذلك يأتي عادةً قرار.
stage-decided = تقرر
stage-decided-means = اتُّخذ قرار. سنكتب لك هنا بشأنه.
stage-decided-next = بعد ذلك يُغلق الملف عادةً.
stage-referred = عند سلطة أخرى
stage-referred-means = تتولى الأمر الآن سلطة أخرى. نتابع ما تفعله.
stage-referred-next = بعد ذلك يعود الأمر إلينا عادةً، أو يُغلق الملف.
stage-closed = أُغلق الملف
stage-closed-means = انتهى العمل. ما زال بإمكانك الكتابة، وقد يُفتح من جديد.
stage-closed-next = لا خطوة أخرى مقررة الآن.
finding-forged = رسالة لم تأت منا. لا نعرضها.
finding-earlier = { $count ->
    [zero] لا رسائل سابقة ناقصة.
    [one] رسالة سابقة لم تعد هنا.
    [two] رسالتان سابقتان لم تعودا هنا.
    [few] { $count } رسائل سابقة لم تعد هنا.
    [many] { $count } رسالة سابقة لم تعد هنا.
   *[other] { $count } رسالة سابقة لم تعد هنا.
}
finding-unseen = { $count ->
    [zero] لا رسائل سابقة ناقصة.
    [one] رسالة سابقة لم يعد لها مكان هنا. إن لم تقرأها فاطلبها منا.
    [two] رسالتان سابقتان لم يعد لهما مكان هنا. إن لم تقرأهما فاطلبهما منا.
    [few] { $count } رسائل سابقة لم يعد لها مكان هنا. إن لم تقرأها فاطلبها منا.
    [many] { $count } رسالة سابقة لم يعد لها مكان هنا. إن لم تقرأها فاطلبها منا.
   *[other] { $count } رسالة سابقة لم يعد لها مكان هنا. إن لم تقرأها فاطلبها منا.
}
finding-withheld = { $count ->
    [zero] لا رسائل ناقصة.
    [one] تنقص رسالة. ربما يحجبها أحد. أبلغ بذلك: { $contact }.
    [two] تنقص رسالتان. ربما يحجبهما أحد. أبلغ بذلك: { $contact }.
    [few] تنقص { $count } رسائل. ربما يحجبها أحد. أبلغ بذلك: { $contact }.
    [many] تنقص { $count } رسالة. ربما يحجبها أحد. أبلغ بذلك: { $contact }.
   *[other] تنقص { $count } رسالة. ربما يحجبها أحد. أبلغ بذلك: { $contact }.
}
finding-older-state = هذه الصفحة متأخرة عن رسائلك. لدى المحققين رسالة أحدث منك. إن لم ترسل غيرها، فاتصل بـ{ $contact }.
finding-missing = { $count ->
    [zero] لا رسائل ناقصة. عند الشك اتصل بـ{ $contact }.
    [one] لم تصلنا إحدى رسائلك. إن بقيت ناقصة غداً فأرسلها من جديد. إن تكرر ذلك فاتصل بـ{ $contact }.
    [two] لم تصلنا رسالتان من رسائلك. إن بقيتا ناقصتين غداً فأرسلهما من جديد. إن تكرر ذلك فاتصل بـ{ $contact }.
    [few] لم تصلنا { $count } من رسائلك. إن بقيت ناقصة غداً فأرسلها من جديد. إن تكرر ذلك فاتصل بـ{ $contact }.
    [many] لم تصلنا { $count } من رسائلك. إن بقيت ناقصة غداً فأرسلها من جديد. إن تكرر ذلك فاتصل بـ{ $contact }.
   *[other] لم تصلنا { $count } من رسائلك. إن بقيت ناقصة غداً فأرسلها من جديد. إن تكرر ذلك فاتصل بـ{ $contact }.
}
finding-surplus = وصلنا منك أكثر مما تعرفه هذه الصفحة. هذا طبيعي إن كتبت مرتين متتاليتين. وإلا فاتصل بـ{ $contact }.
finding-sequence = الرسائل لا يتبع بعضها بعضاً. قد لا تكون إحداها في ملف المحققين. قبل أن تتصرف بناءً على أي منها، اتصل بـ{ $contact }.
finding-log-missing = لا تُثبت هذه الصفحة أن بلاغك في سجلّنا. عُد غداً. إن بقي ناقصاً فأرسله من جديد. إن تكرر ذلك فاتصل بـ{ $contact }.
finding-log-message-missing = لا تُثبت هذه الصفحة أن رسالتك الأخيرة في سجلّنا. عُد غداً. إن بقيت ناقصة فأرسلها من جديد. إن تكرر ذلك فاتصل بـ{ $contact }.
finding-log-wrong = ما يُفترض أن يثبت وجود رسائلك في سجلّنا غير صالح. عُد غداً. إن تكرر ذلك فاتصل بـ{ $contact }.
finding-wrong-key = هناك خلل في هذه الرسائل. لا تكتب هنا. اتصل بـ{ $contact }.
finding-unconfirmed = تغيّرت مفاتيح ملفك لحمايتك. يجب أن يؤكد ذلك محققان، ولم يتم هذا بعد. لا يمكن عرض الردود الأحدث، ولا يمكنك الكتابة هنا الآن. عد من فضلك بعد أيام قليلة.

## كيف نحميك

protect-title = الحماية
protect-heading = كيف نحميك
protect-lead = بلاغك مقفل (مشفّر). لا يفتحه إلا من وُجّه إليهم.
protect-stored = ما يحفظه موقعنا
protect-stored-sealed = طرد مقفل لا يستطيع موقعنا فتحه من جديد.
protect-stored-week = الأسبوع الذي وصل فيه. نسخنا الاحتياطية تحفظه سبع ليال، وقد يدل وقتها على أكثر.
protect-stored-pieces = إن انقطع الإرسال: القطع المقفلة التي وصلت، وإلى أي يوم نحفظها. نحو يومين.
protect-stored-size = حجم مقرَّب، فلا يكاد يقول شيئاً.
protect-stored-hour = من دون جافاسكربت: نصّك مقفلاً ساعةً في الذاكرة. والرمز السري ثلاث ساعات. والرسائل التي فتحها الرمز، 15 دقيقة.
protect-stored-handler = وتحفظ خدمة الملفات أيضاً الأيام والفريق واللغة والاستعجال والأحجام ومن استبعدتهم وما رفضته. ويُحذف الملف المغلق لاحقاً.
protect-not = ما لا نحفظه أبداً
protect-not-name = لا اسمك ولا حساب ولا كلمة سر.
protect-not-address = لا عنوان إنترنت ولا أثر لجهازك.
protect-not-cookie = لا ملفات ارتباط. لكن سجلّ هاتفك قد يُظهر هذه الزيارة.
protect-not-third = لا تحمّل صفحاتنا شيئاً من شركة أخرى.
protect-who = من يستطيع قراءته
protect-who-desk = الفريق الصغير المكلف بالموضوع.
protect-who-excluded = ليس الجهات التي تستبعدها، إن كانت قائمتنا تذكر من يعمل فيها: لا مفتاح لهم. أما الهيئة المذكورة أدناه فلا يمكن استبعادها.
protect-who-outside = وأحياناً هذه الهيئة خارج الجمارك: { $body }. يحدث ذلك في بعض المواضيع، أو إذا فات موعد، أو قلّ أعضاء الفريق. ويمكنك أنت أو الفريق طلب ذلك أيضاً. بعد عنف أو تحرش، يمكنك رفض ذلك.
protect-who-technician = لا مفتاح لأي تقني. لكن من يتحكم في موقعنا يستطيع تغييره ليقرأ ما تكتبه.
protect-ways = طريقتان للقفل
protect-device = جهازك يقفل
protect-device-what = لا يرى موقعنا ما تكتبه أبداً. ويرى اختياراتك الأولى إذا لم تكن الصفحة جاهزة، أو إذا جئت من صفحة أخرى.
protect-device-needs = يحتاج إلى جافاسكربت. ولا يحميك من صفحة مزورة: تحقق من عنوانها. ولا يحميك من موقع مغيَّر أيضاً.
protect-server = موقعنا يقفل
protect-server-what = يرى نصك في ذاكرته عند كل صفحة ثم يحفظه مقفلاً.
protect-server-needs = يعمل بلا جافاسكربت، حتى في الوضع الأكثر أماناً في تور.
protect-ways-know = جملة قرب نصك تقول أي طريقة هي السارية.
protect-limits = ما لا نستطيع أن نعد به
protect-before = قبل أن تكتب
protect-onion = بمتصفح Tor يمكنك أيضا أن تأتي عبر هذا العنوان:
protect-onion-only = لا يُفتح إلا في متصفح Tor. لا تكتبه في مكان آخر.
protect-limit-network = قد يرى مشغّلك أو شبكة المكتب أنك جئت هنا. متصفح Tor يخفي ذلك.
protect-limit-leave = «{ leave }» يفتح صفحة أخرى. ومع JavaScript، الضغط ثلاث مرات على Escape يفعل الشيء نفسه. من دون JavaScript، أو في بعض المتصفحات، قد يُظهر زر الرجوع موقعنا من جديد.
protect-limit-saver = المتصفح الذي يوفر البيانات، مثل Opera Mini، قد يرسل صفحاتك إلى شركته. لا تكتب به شيئاً.
protect-words = الكلمات الاثنتا عشرة لمفاتيحنا
protect-words-what = بها تتعرف على المفاتيح التي تحدد من يقرأ البلاغات.
protect-words-compare = قارنها بملصق بلغة هذه الصفحة. إذا اختلفت كلمة، فلا تبلّغ هنا.
protect-until = قائمة القراء المأذون لهم صالحة حتى { $day }.
protect-until-after = بعد ذلك اليوم لا نقبل أي بلاغ أو رسالة قبل توقيع قائمة جديدة.
protect-until-none = لا نستطيع استلام شيء اليوم: لا توجد قائمة قراء صالحة.
protect-receipt = رمزك السري
protect-receipt-what = به تقرأ ردودنا وتكتب إلينا. وحده لا يفتح بلاغك أبداً.

## الأخطاء

error-title = مشكلة
error-home = إلى صفحة البداية
error-outside = يمكنك أيضاً الاتصال بهذه الهيئة خارج الجمارك:
error-busy = لا يمكننا استلام هذا الآن
error-busy-what = لم يُرسل شيء.
error-busy-do = انتظر دقيقة ثم أعد تحميل هذه الصفحة. فهي ترسل كل شيء من جديد.
held-again-how = ما كتبته موجود هنا. انتظر دقيقة ثم أرسل من جديد.
held-text = نصّك
held-files = اختر ملفاتك من جديد.
held-again = إرسال من جديد
error-full = لا مكان الآن
error-full-what = لم يُرسل شيء. لا مكان لدينا لهذا الإرسال.
error-full-do = حاول غداً، أو اتصل بـ{ $contact }.
error-no-files = لا مكان للملفات الآن
error-no-files-what = لم يُرسل شيء. ما زال يمكن إرسال نص بلا ملفات.
error-no-files-do = أرسله الآن بلا ملفات. أضفها لاحقاً برمزك السري.
error-large = هذا كثير على إرسال واحد
error-large-what = لم يُرسل شيء. الحد 32 ملفاً و230 ميغابايت للكل.
error-large-do = اختر ملفات أقل أو أصغر. أرسل الباقي لاحقاً برمزك السري.
error-form = لم نستطع قراءة هذا النموذج
error-form-what = لم يُرسل شيء. ربما بقيت الصفحة مفتوحة مدة طويلة.
error-form-do = ارجع وحاول مرة أخرى، أو ابدأ من جديد.
error-expired = لم تعد هذه الصفحة محفوظة
error-expired-what = لحمايتك يُنسى النص بعد ساعة من آخر استعمال. ويُنسى الرمز السري بعد ثلاث ساعات.
error-expired-do = ابدأ من جديد من صفحة البداية من فضلك.
error-missing = هذه الصفحة غير موجودة
error-missing-what = ربما كُتب العنوان خطأً.
error-missing-do = ابدأ من صفحة البداية.
error-directory = لا نستطيع استلام البلاغات بأمان الآن
error-directory-what = لم يُرسل شيء. لم نستطع قفله للأشخاص المناسبين.
error-directory-do = عد غداً من فضلك.
error-broken = تعطّل شيء عندنا
error-broken-what = إذا لم يظهر تأكيد، فربما لم يصل ما أرسلته.
error-broken-do = أعد تحميل هذه الصفحة للإرسال مجدداً. لا يُحسب الإرسال نفسه مرتين.

# مع البرنامج: المتصفح هو الذي يقفل.
seal-here = جهازك يقفل كل شيء بنفسه. لا يستطيع موقعنا قراءة شيء.
seal-here-text = جهازك يقفل ما تكتبه. لا يعرف موقعنا إلا اختياراتك الأولى.
seal-here-short = جهازك يقفل ما تكتبه.
seal-here-reply = جهازك يقفل هذه الرسالة بنفسه. لا يستطيع موقعنا قراءة شيء.
seal-here-return = جهازك يفتح رسائلك بنفسه. لا يستطيع موقعنا قراءة شيء.
seal-date = إذا كان تاريخ جهازك خاطئاً، فصحّحه. عندها يستطيع جهازك قفل بلاغك.
altered-heading = لا تكتب شيئاً هنا الآن
altered-what = أجزاء من هذه الاستمارة لم توقّعها الإدارة. ربما يريد أحدهم قراءة ما تكتبه.
altered-do = حاول بعد عشر دقائق. إذا عادت الرسالة، فلا تستعمل هذه الاستمارة على أي جهاز. اتصل بالرقم المكتوب على الملصقات.
updated-heading = تم تحديث موقعنا للتو
updated-copy = ما كتبته ما زال هنا. انسخه، ثم أعد تحميل هذه الصفحة.
updated-draft = ما كتبته ما زال هنا. احتفظ بمسودة أو انسخ النص. ثم أعد تحميل هذه الصفحة.
page-failed = لم ينجح ذلك. ما كتبته ما زال هنا. حاول من جديد، أو انسخه وأعد تحميل هذه الصفحة.
form-loading = الاستمارة قيد التحميل. لحظة واحدة.
form-by-site = لم يحمّل جهازك كل شيء. اضغط مرة أخرى: يقوم موقعنا بذلك عنك.
send-sealing = جهازك يقفل بلاغك.
send-progress = الإرسال: { $done }%
send-waiting = لا يوجد اتصال. أبقِ هذه الصفحة مفتوحة. المحاولة التالية بعد { $seconds } ث.
switch-offline = لا يمكن تغيير اللغة دون اتصال. تبقى هذه الصفحة ونصك هنا.
send-again = حاول الآن
send-stop = إيقاف الإرسال
send-failed = تعذّر الإرسال. أبقِ هذه الصفحة مفتوحة وحاول من جديد.
send-too-large = هذا كثير على إرسال واحد. الحد 32 ملفاً ونحو 230 ميغابايت للكل.
send-busy = الخدمة مشغولة جداً. أبقِ هذه الصفحة مفتوحة. المحاولة التالية بعد { $seconds } ث.
send-full = لا مكان لدينا لهذا الإرسال. أبقِ هذه الصفحة مفتوحة. المحاولة التالية بعد { $seconds } ث.

## الكلام بدل الكتابة

story-in-file = سأرفق تسجيلاً أو ملفاً آخر بدل الكتابة
story-in-file-why = في الملف الصوتي يبقى صوتك كما هو. من يعرف صوتك يعرفك.
recorder-heading = أو قلها بصوتك
recorder-about = يُغيَّر صوتك هنا، على جهازك. صوتك الحقيقي لا يُرسل.
recorder-known = من يعرفك، أو آلة، قد يتعرف على صوتك أو كلماتك أو لهجتك.
recorder-noise = الأصوات من حولك تبقى مسموعة. لا تذكر اسمك.
recorder-start = سجّل صوتي
recorder-stop = أوقف
recorder-cancel = إلغاء
recorder-play = استمع
recorder-pause = أوقف الصوت
recorder-again = سجّل من جديد
recorder-remove = احذف
recorder-clock = التسجيل: { $time } من { $limit }
recorder-asking = اسمح بالميكروفون في متصفحك.
recorder-altering = نحن نغيّر صوتك. أبق هذه الصفحة مفتوحة.
recorder-ready = استمع قبل أن ترسل. استعمل سماعة إن كان حولك أحد.
recorder-silent = لم نسمع شيئاً. تكلم أقرب إلى الميكروفون وسجّل من جديد.
recorder-failed = لم يستطع جهازك تغيير الصوت. لم يُحفظ شيء. اكتب بدلاً من ذلك.
recorder-refused = الميكروفون لا يعمل هنا. اكتب، أو أرفق ملفاً في النهاية.
wrong-recording-unheard = استمع إلى تسجيلك أو احذفه قبل أن تتابع.
wrong-recording-busy = أوقف التسجيل أولاً، أو انتظر حتى يجهز.
review-recording = صوتك بعد التغيير
wrong-no-story = ينقص الملف الذي يروي ما حدث. أرفقه هنا أو عد واكتب.
error-no-story = ينقص ما حدث
error-no-story-what = لم تكتب ولم ترفق ملفاً. لم يُرسل شيء.
error-no-story-do = أرفق الملف هنا، أو عد واكتب.
error-no-reader = لم يبق أحد ليقرأه
error-no-reader-what = لم يبق أحد يمكنه قراءته. لم يُرسل شيء.
error-no-reader-do = نصك ما زال هنا. غيّر إجابة تحت «من سيقرؤه»، ثم أرسل.
