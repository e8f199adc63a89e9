### صفحات من يبلّغ. كلمات بسيطة، خمس عشرة كلمة في الجملة على الأكثر.

## الإطار

skip = إلى المحتوى
leave = خروج سريع
languages = اللغات
back = رجوع
change = تغيير
cover = إخفاء
required = (لازم)
footer-kept = لا تحتفظ هذه الصفحة بملف ارتباط ولا باسم ولا بعنوان.
protect-link = كيف نحميك
step = الخطوة { $number } من 4
seal = يختم هذا الموقع بلاغك في ذاكرته قبل أن يحفظه.
emergency = إذا كانت حياة في خطر، فاتصل أولاً بالرقم { $number }.

## التواريخ

date-day = { $day } { $month } { $year }
date-first = 1 { $month } { $year }
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
home-heading = هل حدث أمر خاطئ في الجمارك؟ يمكنك أن تقوله.
home-lead = رشوة أو تعسف أو ظلم: أخبرنا دون أن تقول من أنت.
home-promise-name = لا حساب ولا اسم ولا رقم هاتف.
home-promise-minutes = تكفي عشر دقائق. يمكنك ترك معظم الأسئلة.
home-promise-who = أنت تختار من لا يجب أن يصله بلاغك.
home-report = أبلّغ
home-return = العودة بالوصل
home-return-what = قراءة جوابنا، والكتابة إلينا، وإضافة ملف.
home-advice = طلب نصيحة
home-advice-what = لست متأكداً مما هو صحيح؟ اسأل أولاً.
home-learn = تعلّم
home-learn-what = مشاهد قصيرة من العمل اليومي. ماذا كنت ستفعل؟
home-protect-what = ما نحفظه، وما لا نحفظه أبداً، وحدود ذلك.
home-outside = التحدث إلى الهيئة الخارجية
home-outside-what = لا تتبع الجمارك. يمكنك الاتصال بها مباشرة.

## التعلّم

learn-title = تعلّم
learn-heading = ماذا كنت ستفعل؟
learn-lead = مشاهد قصيرة من العمل في الجمارك. افتح جواباً لترى ما يليه.
learn-untracked = تبقى أجوبتك على جهازك. لا يُحسب شيء.
learn-what = ماذا كنت ستفعل؟
learn-sound = اختيار سليم.
learn-unsound = فكّر مرة أخرى.
learn-seen = هل رأيت شيئاً مشابهاً؟ الموضوع هو:
learn-report = أريد أن أبلّغ عنه

## قبل أن تبدأ

before-title = قبل أن تبدأ
before-heading = قبل أن تبدأ
before-device = استعمل جهازك الخاص.
before-device-why = لا هاتفَ العمل ولا حاسوبَه.
before-network = تجنّب شبكة المكتب.
before-network-why = قد تُظهر شبكة المكتب من فتح هذه الصفحة.
before-names = لا تكتب اسمك ولا رقمك.
before-names-why = لا نحتاج إليهما. تحصل على وصل تعود به.
before-photos = قد تتكلم الصور والملفات عنك.
before-photos-why = كثيراً ما تحمل مكاناً أو تاريخاً أو اسم جهاز.
before-danger = هل أحد في خطر؟ اتصل أولاً بالرقم { $number }.
before-danger-why = لا تعمل هذه الخدمة على مدار الساعة.
before-limits = ما لا نستطيع أن نعد به
before-limit-server = يصل نصك مقروءاً إلى هذا الموقع. يختمه قبل حفظه.
before-limit-facts = قد تدل عليك وقائع لا يعرفها إلا القليل.
before-limit-history = قد يتذكر هاتفك هذه الزيارة. تساعدك نافذة خاصة.
before-start = ابدأ

## الاختيار

audience-title = الخطوة 1
audience-heading = ما الذي يصفك أفضل؟
audience-hint = يرتّب المواضيع ويساعد على اختيار الفريق، ويُرسل مع بلاغك.
subject-title = الخطوة 2
family-heading = ما الموضوع؟
family-hint = اختر الأقرب. يمكنك العودة وتغييره.
category-heading = ما الأقرب إلى ما حدث؟
category-hint = الأمثلة مجرد أمثلة.
choose-unsure = لا أعرف
choose-unsure-what = احكِ بكلماتك. سيقرؤه فريق.

## الأسئلة

questions-title = الخطوة 3
questions-hint = أجب عما تستطيع. وتجاوز ما تشاء.
questions-to-story = إلى روايتك مباشرة، وهي الجزء الوحيد اللازم
questions-where = أين ومتى
questions-what = ما حدث
questions-who = الأشخاص المعنيون
questions-exclude = من لا يجب أن يصله
questions-you = سلامتك وما يأتي بعد ذلك
questions-count = { $count ->
    [zero] لا أسئلة
    [one] سؤال واحد
    [two] سؤالان
    [few] { $count } أسئلة
    [many] { $count } سؤالاً
   *[other] { $count } سؤال
}
questions-pace = بالقدر الذي تريد
questions-few = بعض الوقائع
gentle-heading = أنت تحدد الإيقاع
gentle-pace = قل اليوم ما تريد فقط. يمكن ترك كل سؤال فارغاً.
gentle-later = يمكنك إرسال القليل جداً. يمكنك بالوصل أن تضيف لاحقاً.
gentle-fault = ما فُعل بك ليس ذنبك.
gentle-support = من يمكنك التحدث إليه
questions-story = روايتك
questions-review = مراجعة
questions-back = اضغط «{ questions-review }» قبل زر الرجوع في الهاتف. وإلا ضاع ما كتبته هنا للتو.
questions-keep = أبقِ هذه الصفحة مفتوحة حتى تحصل على وصلك. إذا أُغلقت، ضاع ما كتبته.
no-answer = بلا جواب
period-date = أريد أن أعطي تاريخاً
period-words = تاريخ، أو كلمات مثل «أوائل مايو»
guarded-anyway = أريد أن أعطيه رغم ذلك
format-example = مثال: { $example }
story-hint = تكفي نصف صفحة. ماذا حدث، وأين، وكيف عرفت.

## أخطاء الكتابة

wrong-title = {"خطأ: "}
wrong-heading = راجع هذا من فضلك
wrong-choice = لم يعد هذا الاختيار متاحاً. اختر من جديد.
wrong-option = اختر واحداً من الأجوبة المعروضة.
wrong-story-missing = قل لنا ماذا حدث. تكفي جملة واحدة.
wrong-message-missing = اكتب رسالة أو أضف ملفاً.
wrong-receipt-missing = اكتب وصلك: الرمز أو الكلمات الاثنتي عشرة.
wrong-receipt = هذا ليس وصلاً. قارن كل حرف بما دوّنته.
wrong-receipt-word = الكلمة «{ $word }» ليست في أي من قوائمنا.
wrong-receipt-near = الكلمة «{ $word }» ليست في أي من قوائمنا. هل هي «{ $near }»؟
wrong-receipt-words = عدد الكلمات { $count } من 12. قارن بما دوّنته.
wrong-receipt-length = عدد الأحرف { $count } من 28. قارن بما دوّنته.
wrong-receipt-character = العلامة «{ $sign }» ليست في أي رمز. قارن بما دوّنته.
wrong-receipt-check = حرف أو كلمة خطأ، أو تغيّر الترتيب. قارن بما دوّنته.
wrong-earlier = هذا ليس وصل بلاغ آخر.
wrong-earlier-nothing = لا شيء بعد تحت الوصل الآخر. حاول غداً.
wrong-earlier-damaged = صندوق الوصل الآخر متضرر. اتصل بالهيئة الخارجية.
wrong-long = هذا طويل جداً. الحد هو { $limit } حرف.
wrong-format = اكتب الجواب كما في المثال.
wrong-much = هذا أكثر مما يحمله النموذج.
wrong-text = فيه علامات ليست نصاً.

## المراجعة

review-title = الخطوة 4
review-heading = اقرأ ثم أرسل
review-warnings = قد يدل هذا عليك
review-warnings-what = القرار لك. أخفه أو غيّره أو اتركه كما هو.
review-hint = هذا ما سيُقرأ، مع ملفاتك ولغتك ويوم وصوله.
readers-heading = من سيقرؤه
readers-count = { $count ->
    [zero] لا أحد
    [one] شخص واحد
    [two] شخصان
    [few] { $count } أشخاص
    [many] { $count } شخصاً
   *[other] { $count } شخص
}
readers-later = ثم الهيئة الخارجية أيضاً، إذا فات أجل، أو لم يبق في الفريق عدد كافٍ، أو طلبت ذلك أنت أو الفريق: { $body }.
readers-none-left = بعد اختياراتك لم يبق فريق آخر ليقرأه.
readers-oversight = يذهب مباشرة إلى الهيئة الخارجية: { $body }.
review-danger = إذا كان أحد في خطر الآن، فاتصل أولاً بالرقم { $number }.
review-category = الموضوع
review-audience = تبلّغ بصفتك
review-send = أرسل بلاغي
review-wait = قد يستغرق الإرسال دقيقة، أو أكثر مع الملفات. ثم تحصل على وصلك.
files-heading = إضافة صور أو ملفات (ليست لازمة)
files-warn = قد يحمل الملف اسمك أو مكاناً أو تاريخاً. أرسل فقط ما يملكه كثيرون.
files-hint = اختر الملفات في النهاية: الرجوع ينسيها.
files-again = اختر ملفاتك من جديد.
files-clean = قبل الختم نزيل المكان والجهاز والتواريخ والأسماء. وتُعطى الملفات أسماء محايدة.
files-unclean = لا يمكننا تنظيف: ‎.doc و‎.xls و‎.ppt و‎.rtf و‎.tif و‎.ogg و‎.zip و‎.vcf و‎.ps والرسائل وصفحات الويب والأنواع التي لا نعرفها. تُرسل كما هي. تنظيف ملف موقّع يُبطل توقيعه.
files-keep = إبقاء ملفاتي كما هي تماماً.
files-keep-why = قد تكشف عندئذ من أنت.
guard-receipt = وصل. من يقرؤه يستطيع فتح ما نرد به عليك:
guard-phone = رقم هاتف:
guard-email = عنوان بريد إلكتروني:
guard-name = اسمك ربما:
guard-declaration = رقم يقود إلى ملف واحد:
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
file-failed = لا يستطيع جهازك إعادة رسم هذه الصورة. قد تكشف من أنت.
file-as-it-is = إرسالها كما هي
file-kept = سيُرسل كما هو، كما اخترت. قد يكشف من أنت.
file-left-out = عدم الإرسال
file-choose = تنتظر { $what } قرارك. أرسل هذه الصورة كما هي، أو لا ترسلها.
file-unknown = لا يمكننا فحصه كله. قد يكشف من أنت.
file-unreadable = لا يمكننا فحص هذا الملف. ربما انقطع الاتصال، أو نُقل الملف أو عُدّل أو حُذف.
file-unreadable-choose = لا يمكننا فحص { $what }. اختره من جديد، أو لا ترسله.
file-again = اختياره من جديد
scrubbed-heading = ما فعلناه بملفاتك
scrubbed-image = صورة { $number }
scrubbed-document = مستند { $number }
scrubbed-audio = صوت { $number }
scrubbed-video = فيديو { $number }
scrubbed-file = ملف { $number }
scrubbed-removed = أُزيل: { $what }.
scrubbed-left = قد يبقى فيه: { $what }.
scrubbed-nothing = لم نجد ما يدل على صاحبه.
scrubbed-kept = أُرسل كما هو، كما اخترت.
scrubbed-broken = تعذرت قراءة جزء منه. أُرسل ذلك الجزء كما هو.
scrubbed-unknown = لا يمكننا فحص هذا النوع من الملفات. أُرسل كما هو.
scrubbed-failed = لم نتمكن من تنظيف هذا الملف. لم يُرسل كله. عُد بوصلك لإرساله كما هو. قد يكشف عندئذ من أنت.
scrubbed-empty = هذا الملف فارغ.
scrubbed-signed = يحمل توقيعاً إلكترونياً يذكر اسم من وقّع.
scrubbed-signature-broken = يحمل توقيعاً إلكترونياً لم يعد صالحاً، لأننا أزلنا منه شيئاً. وما زال يذكر اسم من وقّع.
scrubbed-advice = صورة الصفحة تكشف أقل مما يكشفه المستند نفسه.
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

## الوصل

receipt-title = تم استلام البلاغ
receipt-heading = تم استلام بلاغك. احتفظ بهذا الوصل.
receipt-lead = دوّنه الآن، قبل أن تفعل أي شيء آخر. من دونه لن تستطيع قراءة ردّنا.
receipt-code = الرمز
receipt-words = أو هذه الكلمات الفرنسية الاثنتا عشرة، بهذا الترتيب
receipt-keep = دوّن الرمز أو الكلمات.
receipt-keep-how = يكفي واحد منهما. الورق أكثر أماناً.
receipt-secret = لا تُرِه لأحد.
receipt-secret-why = من يملكه يقرأ أجوبتنا. لكنه لا يفتح بلاغك أبداً.
receipt-print = يمكنك طباعة هذه الصفحة أو تصويرها.
receipt-print-why = لا تقول بماذا أبلغت. الأجهزة المشتركة تحتفظ بنسخ.
receipt-qr = الرمز على شكل QR
receipt-qr-use = إذا مسحت هذا المربع بجهاز آخر لك ظهر الرمز عليه. وقد يحفظه تطبيق المسح في سجلّه.
receipt-save = حفظ كملف نصي
receipt-save-what = اسم الملف «reference». فيه الرمز والكلمات فقط.
receipt-next = ماذا يحدث بعد ذلك
receipt-next-read = يستلمه المكلفون به، دون من استبعدتهم.
receipt-next-answer = يجيبك شخص هنا في موعد أقصاه { $day }. عد حينها.
receipt-next-answer-soon = يجيبك شخص هنا خلال أسبوع تقريباً. عد حينها.
receipt-next-missed = إذا فاتهم الموعد، تستلم الهيئة الخارجية بلاغك، إن لم يكن عندها.
receipt-done = دوّنته
receipt-still = دوّن وصلك أولاً. ثم اضغط «{ receipt-done }».

## العودة

return-title = العودة
return-heading = العودة بوصلك
return-label = وصلك
return-hint = الرمز أو الكلمات الاثنتا عشرة. لا تهم المسافات ولا الشرطات ولا علامات الحروف ولا كبرها.
return-seal = يفتح هذا الموقع رسائلك في ذاكرته ولا يحفظ منها شيئاً.
return-open = افتح
return-nothing = لا شيء هنا بعد
return-nothing-soon = إذا أرسلت بلاغك اليوم، فعد غداً.
return-nothing-check = وإلا فقارن كل حرف بما دوّنته.
return-damaged = هذا الصندوق متضرر
return-damaged-what = وصلك صحيح، لكن ما هنا تضرر أو تغيّر. لا نعرضه.
return-damaged-do = لا تكتب هنا. اتصل بالهيئة الخارجية.
return-failed = تعذّر فتح رسائلك. أبقِ هذه الصفحة مفتوحة وحاول من جديد.
return-lost = أضعت وصلي
return-lost-what = لا أحد يستطيع استعادته، ولا نحن. يمكنك تقديم بلاغ جديد.

## الرسائل

thread-title = الرسائل
thread-heading = أين وصل الأمر
thread-next = يمكنك توقع أخبار في موعد أقصاه { $day }.
thread-outside = بلاغك عند الهيئة الخارجية.
thread-received = { $count ->
    [zero] لم يصلنا منك شيء بعد.
    [one] وصلنا منك إرسال واحد.
    [two] وصلنا منك إرسالان.
    [few] وصلتنا منك { $count } إرسالات.
    [many] وصلنا منك { $count } إرسالاً.
   *[other] وصلنا منك { $count } إرسال.
}
thread-read = { $count ->
    [zero] لم يؤكد أي رد القراءة بعد.
    [one] ردّ عليك شخص بعد أن قرأ بلاغك.
    [two] ردّ عليك شخص بعد أن قرأ أول إرسالين منك.
    [few] ردّ عليك شخص بعد أن قرأ أول { $count } إرسالات منك.
    [many] ردّ عليك شخص بعد أن قرأ أول { $count } إرسالاً منك.
   *[other] ردّ عليك شخص بعد أن قرأ أول { $count } إرسال منك.
}
thread-unread = ستؤكد ردودنا هنا ما قرأه شخص منا.
thread-log-countersigned = بلاغك مدوَّن في السجل الذي صادقت عليه الهيئة الخارجية بتوقيعها في { $day }.
thread-log-logged = بلاغك مدوَّن في سجلّنا. تصادق عليه الهيئة الخارجية بتوقيعها عادةً خلال أسبوع.
thread-log-waiting = بلاغك محفوظ عندنا. سيظهر هنا لاحقاً ما يثبت أنه في سجلّنا.
thread-log-message = آخر رسالة وصلتنا منك فيه أيضاً.
thread-log-message-waiting = آخر رسالة وصلتنا منك محفوظة وستلحق به.
thread-uncollected = لم يُستلم إرسالك الأخير بعد.
thread-week = الحال في { $week }.
thread-messages = رسائل لك
thread-none = لا رسائل بعد.
thread-sent = رسالتك في الطريق
thread-sent-what = ستُحسب هنا بعد أن تُستلم.
thread-again = انظر مرة أخرى
thread-close = إغلاق
thread-kept = يمكن فتح هذه الصفحة مجدداً من سجل هذا الجهاز مدة 15 دقيقة. «إغلاق» يُنهي ذلك.
reply-heading = اكتب إلينا
reply-label = رسالتك
reply-warn = لا تكتب اسمك ولا ما لا يعرفه غيرك.
reply-outside = أريد أن تتولى الهيئة الخارجية هذا الأمر: { $body }.
reply-files = إضافة صور أو ملفات (ليست لازمة)
earlier-heading = هل لك بلاغ آخر عن الأمر نفسه؟
earlier-what = اذكره هنا ليُقرأ الاثنان معاً. لا يُنقل الوصل إلى أحد.
earlier-warn = من يحق له قراءة البلاغين سيعرف أن كاتبهما واحد.
earlier-label = وصل البلاغ الآخر
reply-again = ثم اضغط «أرسل» مرة أخرى.
reply-seal = يختم هذا الموقع رسالتك في ذاكرته قبل أن يحفظها.
reply-send = أرسل
stage-received = تم الاستلام
stage-received-means = وصل بلاغك. سيقرؤه أحد قريباً.
stage-triaged = قُرئ
stage-triaged-means = قرأ شخص بلاغك وقدّر مدى استعجاله.
stage-assessing = قيد التحقق
stage-assessing-means = نتحقق هل يمكن إثبات الوقائع.
stage-investigating = قيد التحقيق
stage-investigating-means = التحقيق جارٍ. قد يستغرق بضعة أشهر.
stage-decided = تقرر
stage-decided-means = اتُّخذ قرار. سنكتب لك هنا بشأنه.
stage-referred = عند سلطة أخرى
stage-referred-means = تتولى الأمر الآن سلطة أخرى. نتابع ما تفعله.
stage-closed = أُغلق
stage-closed-means = انتهى العمل. ما زال بإمكانك الكتابة، وقد يُفتح من جديد.
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
    [one] تنقص رسالة. ربما يحجبها أحد. أخبر الهيئة الخارجية.
    [two] تنقص رسالتان. ربما يحجبهما أحد. أخبر الهيئة الخارجية.
    [few] تنقص { $count } رسائل. ربما يحجبها أحد. أخبر الهيئة الخارجية.
    [many] تنقص { $count } رسالة. ربما يحجبها أحد. أخبر الهيئة الخارجية.
   *[other] تنقص { $count } رسالة. ربما يحجبها أحد. أخبر الهيئة الخارجية.
}
finding-older-state = هذه الصفحة متأخرة عن رسائلك. لدى المحققين رسالة أحدث منك. إن لم ترسل غيرها، فاتصل بالهيئة الخارجية.
finding-missing = { $count ->
    [zero] لا إرسالات ناقصة.
    [one] لم يصلنا أحد إرسالاتك. إن بقي ناقصاً غداً فأرسله من جديد. إن تكرر ذلك فاتصل بالهيئة الخارجية.
    [two] لم يصلنا إرسالان من إرسالاتك. إن بقيا ناقصين غداً فأرسلهما من جديد. إن تكرر ذلك فاتصل بالهيئة الخارجية.
    [few] لم تصلنا { $count } من إرسالاتك. إن بقيت ناقصة غداً فأرسلها من جديد. إن تكرر ذلك فاتصل بالهيئة الخارجية.
    [many] لم يصلنا { $count } من إرسالاتك. إن بقيت ناقصة غداً فأرسلها من جديد. إن تكرر ذلك فاتصل بالهيئة الخارجية.
   *[other] لم يصلنا { $count } من إرسالاتك. إن بقيت ناقصة غداً فأرسلها من جديد. إن تكرر ذلك فاتصل بالهيئة الخارجية.
}
finding-surplus = وصلنا منك أكثر مما تعرفه هذه الصفحة. هذا طبيعي إن كتبت مرتين متتاليتين. وإلا فاتصل بالهيئة الخارجية.
finding-sequence = الرسائل لا يتبع بعضها بعضًا. قد لا تكون إحداها في ملف المحققين. اتصل بالهيئة الخارجية قبل أن تتصرف بناءً على أي منها.
finding-log-missing = لا تُثبت هذه الصفحة أن بلاغك في سجلّنا. عُد غداً. إن بقي ناقصاً فأرسله من جديد. إن تكرر ذلك فاتصل بالهيئة الخارجية.
finding-log-message-missing = لا تُثبت هذه الصفحة أن رسالتك الأخيرة في سجلّنا. عُد غداً. إن بقيت ناقصة فأرسلها من جديد. إن تكرر ذلك فاتصل بالهيئة الخارجية.
finding-log-wrong = ما يُفترض أن يثبت وجود إرسالاتك في سجلّنا غير صالح. عُد غداً. إن تكرر ذلك فاتصل بالهيئة الخارجية.
finding-wrong-key = هناك خطأ في هذا الصندوق. لا تكتب هنا. اتصل بالهيئة الخارجية.
finding-unconfirmed = تغيّرت مفاتيح ملفك لحمايتك. يجب أن يؤكد ذلك محققان، ولم يتم هذا بعد. لا يمكن عرض الردود الأحدث، ولا يمكنك الكتابة هنا الآن. عد من فضلك بعد أيام قليلة.

## كيف نحميك

protect-title = الحماية
protect-heading = كيف نحميك
protect-lead = بلاغك مختوم. لا يفتحه إلا من وُجّه إليهم.
protect-stored = ما يحفظه هذا الموقع
protect-stored-sealed = طرد مختوم لا يستطيع هذا الموقع فتحه من جديد.
protect-stored-week = الأسبوع الذي وصل فيه. لا اليوم ولا الساعة.
protect-stored-size = واحد من عشرة أحجام، فلا يكاد الحجم يقول شيئاً.
protect-stored-hour = من دون جافاسكريبت: نصّك مختوماً ساعةً في الذاكرة. والوصل ثلاث ساعات. وما فتحه الوصل، 15 دقيقة.
protect-stored-handler = وتحفظ خدمة الملفات أيضاً اليوم والفريق والاستعجال والأحجام ومن استبعدتهم.
protect-not = ما لا نحفظه أبداً
protect-not-name = لا اسم ولا حساب ولا كلمة سر.
protect-not-address = لا عنوان إنترنت ولا أثر لجهازك.
protect-not-cookie = لا ملفات ارتباط. لكن سجلّ هاتفك قد يُظهر هذه الزيارة.
protect-not-third = لا ترى زيارتك أي شركة أخرى.
protect-who = من يستطيع قراءته
protect-who-desk = الأشخاص القلائل في المصلحة المكلفة بالموضوع.
protect-who-excluded = أبداً من استبعدتهم: لا يحصلون على مفتاح.
protect-who-outside = الهيئة الخارجية، لبعض المواضيع، أو إذا فات موعد، أو لم يبق في الفريق عدد كافٍ، أو طلبت ذلك أنت أو الفريق: { $body }.
protect-who-technician = لا أحد من التقنيين: يشغّلون الآلات ولا يملكون مفتاحاً.
protect-ways = طريقتان للختم
protect-device = جهازك يختم
protect-device-what = لا يرى هذا الموقع ما تكتبه أبداً. ويرى اختياراتك الأولى إذا سبقت الصفحة.
protect-device-needs = يحتاج إلى جافاسكربت. ولا يحميك من صفحة مزورة: تحقق من عنوانها.
protect-server = هذا الموقع يختم
protect-server-what = يرى نصك في ذاكرته عند كل صفحة ثم يحفظه مختوماً.
protect-server-needs = يعمل بلا جافاسكربت، حتى في الوضع الأكثر أماناً في تور.
protect-ways-know = جملة في كل صفحة تقول أي طريقة هي السارية.
protect-limits = ما لا نستطيع أن نعد به
protect-limit-network = قد يرى مشغّلك أو شبكة المكتب أنك جئت هنا. يخفي Tor ذلك.
protect-words = الكلمات الاثنتا عشرة لمفاتيحنا
protect-words-what = تمثل المفاتيح التي تحدد من يقرأ البلاغات.
protect-words-compare = قارنها بالملصق. إذا اختلفت كلمة، فلا تبلّغ هنا.
protect-until = قائمة من يحق لهم القراءة موقعة حتى { $day }.
protect-until-after = بعد ذلك اليوم لا يُقبل أي بلاغ أو رسالة قبل توقيع جديد.
protect-until-none = لا توجد اليوم قائمة قراء موقعة سارية. لا نقبل البلاغات ولا الرسائل.
protect-receipt = وصلك
protect-receipt-what = يفتح أجوبتنا ولا شيء غيرها. لا يفتح بلاغك أبداً.

## الأخطاء

error-title = تنبيه
error-home = إلى الصفحة الأولى
error-outside = يمكنك أيضاً الاتصال بالهيئة الخارجية:
error-busy = لا يمكننا استلام هذا الآن
error-busy-what = لم يُرسل شيء.
error-busy-do = انتظر دقيقة ثم أعد تحميل هذه الصفحة. فهي ترسل كل شيء من جديد.
held-again-how = لم يضع شيء. انتظر دقيقة ثم أرسل من جديد.
held-text = نصّك
held-files = اختر ملفاتك من جديد.
held-again = إرسال من جديد
error-full = لا مكان الآن
error-full-what = لم يُرسل شيء. لا مكان لدينا لهذا الإرسال.
error-full-do = حاول غداً، أو اتصل بالهيئة الخارجية.
error-no-files = لا مكان للملفات الآن
error-no-files-what = لم يُرسل شيء. ما زال يمكن إرسال نص بلا ملفات.
error-no-files-do = أرسله الآن بلا ملفات. أضفها لاحقاً بوصلك.
error-large = هذا كثير على إرسال واحد
error-large-what = لم يُرسل شيء. الحد 32 ملفاً و60 ميغابايت للكل.
error-large-do = اختر ملفات أقل أو أصغر.
error-form = لم نستطع قراءة هذا النموذج
error-form-what = لم يُرسل شيء. ربما الصفحة قديمة جداً.
error-form-do = ارجع وحاول مرة أخرى، أو ابدأ من جديد.
error-expired = لم تعد هذه الصفحة محفوظة
error-expired-what = لحمايتك يُنسى النص المتروك بعد ساعة. ويُنسى الوصل بعد ثلاث ساعات.
error-expired-do = ابدأ من جديد من الصفحة الأولى من فضلك.
error-missing = هذه الصفحة غير موجودة
error-missing-what = ربما كُتب العنوان خطأً.
error-missing-do = ابدأ من الصفحة الأولى.
error-directory = لا نستطيع استلام البلاغات بأمان الآن
error-directory-what = لم يُرسل شيء. لم نستطع ختمه للأشخاص المناسبين.
error-directory-do = عد غداً من فضلك.
error-broken = تعطّل شيء عندنا
error-broken-what = إذا لم يظهر تأكيد، فربما لم يصل ما أرسلته.
error-broken-do = أعد تحميل هذه الصفحة للإرسال مجدداً. لا يُحسب الإرسال نفسه مرتين.

# مع البرنامج: المتصفح هو الذي يختم.
seal-here = جهازك يختم كل شيء بنفسه. لا يستطيع هذا الموقع قراءة شيء.
seal-here-text = جهازك يختم ما تكتبه. لا يعرف هذا الموقع إلا اختياراتك الأولى.
seal-here-reply = جهازك يختم هذه الرسالة بنفسه. لا يستطيع هذا الموقع قراءة شيء.
seal-here-return = جهازك يفتح رسائلك بنفسه. لا يستطيع هذا الموقع قراءة شيء.
seal-date = إذا كان تاريخ جهازك خاطئاً، فصحّحه. عندها يستطيع جهازك ختم بلاغك.
altered-heading = لا تكتب شيئاً هنا الآن
altered-what = أجزاء من هذه الاستمارة لم توقّعها الإدارة. ربما يريد أحدهم قراءة ما تكتبه.
altered-do = حاول بعد عشر دقائق. إذا عادت الرسالة، فلا تستعمل هذه الاستمارة على أي جهاز. اتصل بالهيئة الخارجية: رقمها في الملصقات.
send-sealing = نختم بلاغك على جهازك.
send-progress = الإرسال: { $done }%
send-waiting = لا يوجد اتصال. أبقِ هذه الصفحة مفتوحة. المحاولة التالية بعد { $seconds } ث.
send-again = حاول الآن
send-stop = توقف
send-failed = تعذّر الإرسال. أبقِ هذه الصفحة مفتوحة وحاول من جديد.
send-too-large = هذا كثير على إرسال واحد. الحد 32 ملفاً ونحو 60 ميغابايت للكل.
send-busy = الخدمة مشغولة جداً. أبقِ هذه الصفحة مفتوحة. المحاولة التالية بعد { $seconds } ث.
send-full = لا مكان لدينا لهذا الإرسال. أبقِ هذه الصفحة مفتوحة. المحاولة التالية بعد { $seconds } ث.
