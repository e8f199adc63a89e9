//! `burkindi members`: desks and members as the signed directory names them.

use super::{CliOutput, CommandContext};

pub(crate) async fn run(
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let connection = context.connect(screen).await?;
    screen.print(connection.directory(), |directory, page| {
        page.heading("Desks");
        let desks = directory.desks.iter();
        let desks = desks
            .map(|desk| vec![desk.id.clone(), desk.members.join(" "), desk.categories.join(" ")]);
        page.table(&["", "members, the lead first", "categories"], &desks.collect::<Vec<_>>());
        page.heading("Members");
        let members = directory.members.iter();
        let members = members.map(|member| {
            vec![member.handle.clone(), member.units.join(" "), member.languages.join(" ")]
        });
        page.table(&["", "belongs to", "reads"], &members.collect::<Vec<_>>());
        page.dim(&format!("Directory {}, good until {}.", directory.epoch, directory.expires));
    })
}
